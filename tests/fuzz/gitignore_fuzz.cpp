// A line with a path (one that ends in '/' is a directory), then any bytes as a .gitignore: the path is ignored where
// git itself says so. One `git check-ignore` runs all the time; a question is a line to it and its answer. Git forgets
// the patterns of a directory when it is asked about another one, so the questions take turns between two.
#include "fuzz/line_mutator.hpp"
#include "fuzz/require.hpp"

#include <pinhook/files/gitignore.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using pinhook::fuzz::require;

[[noreturn]] void give_up(const char* reason) {
  std::fprintf(stderr, "git cannot be asked: %s\n", reason);
  std::_Exit(1);
}

class git {
 public:
  git() {
    std::string made = (fs::temp_directory_path() / "pinhook-gitignore-XXXXXX").string();
    if (mkdtemp(made.data()) == nullptr) give_up("no temporary directory");
    root_ = made;
    if (std::system(("git init -q " + made).c_str()) != 0) give_up("git init");
    for (const char* folder : folders) fs::create_directory(root_ / folder);
    start();
  }
  ~git() {
    close(to_);
    close(from_);
    waitpid(process_, nullptr, 0);
    fs::remove_all(root_);
  }
  git(const git&) = delete;
  git& operator=(const git&) = delete;

  bool ignores(std::string_view path, std::string_view patterns) {
    turn_ ^= 1U;
    const fs::path folder = root_ / folders[turn_];
    write_file(folder / ".gitignore", patterns);
    const bool is_directory = path.ends_with('/');
    if (is_directory) fs::create_directories(folder / path);
    const std::string asked =
        std::string(folders[turn_]) + '/' + std::string(path.substr(0, path.size() - is_directory));
    write_all(to_, asked + '\0');
    // source, line, pattern, path; the first three are empty when nothing matches.
    std::array<std::string, 4> answer;
    for (std::string& one : answer) one = next_text();
    require(answer[3] == asked);
    if (is_directory) fs::remove_all(folder / path.substr(0, path.find('/')));
    return !answer[2].empty() && !answer[2].starts_with('!');
  }

 private:
  static constexpr std::array folders{"x", "y"};

  void start() {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) give_up("no pipe");
    process_ = fork();
    if (process_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      if (chdir(root_.c_str()) != 0) _exit(1);
      execlp("git", "git", "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "--stdin", "-v", "-n",
             "-z", nullptr);
      _exit(1);
    }
    close(in[0]);
    close(out[1]);
    to_ = in[1];
    from_ = out[0];
  }
  // libFuzzer's timer interrupts what waits.
  static void write_all(int to, std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = TEMP_FAILURE_RETRY(write(to, text.data(), text.size()));
      if (n <= 0) give_up("it has ended");
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  static void write_file(const fs::path& file, std::string_view text) {
    const int to = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (to < 0) give_up("its file cannot be written");
    write_all(to, text);
    close(to);
  }
  std::string next_text() {
    for (;;) {
      if (const auto end = rest_.find('\0'); end != std::string::npos) {
        std::string out = rest_.substr(0, end);
        rest_.erase(0, end + 1);
        return out;
      }
      std::array<char, 4096> piece{};
      const ssize_t n = TEMP_FAILURE_RETRY(read(from_, piece.data(), piece.size()));
      if (n <= 0) give_up("it has ended");
      rest_.append(piece.data(), static_cast<std::size_t>(n));
    }
  }

  fs::path root_;
  pid_t process_ = 0;
  int to_ = -1, from_ = -1;
  unsigned turn_ = 0;
  std::string rest_;
};

// Parts that a file system and git's command line take as they are.
bool is_plain(std::string_view path) {
  if (path.empty() || path.size() > 200 || path.find('\0') != std::string_view::npos) return false;
  if (path.ends_with('/')) path.remove_suffix(1);
  for (;;) {
    const auto end = path.find('/');
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == ".." || part == ".git" || part == ".gitignore") return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

bool ignores_on_the_way(const pinhook::files::gitignore& rules, std::string_view path) {
  const bool is_directory = path.ends_with('/');
  if (is_directory) path.remove_suffix(1);
  for (std::size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1))
    if (rules.ignores(path.substr(0, at), true)) return true;
  return rules.ignores(path, is_directory);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static git yardstick;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos || size > 2000) return -1;
  const std::string_view path = text.substr(0, line_end);
  const std::string_view patterns = text.substr(line_end + 1);
  if (!is_plain(path)) return -1;
  pinhook::files::gitignore rules;
  rules.add("", patterns);
  const bool own = ignores_on_the_way(rules, path);
  const bool other = yardstick.ignores(path, patterns);
  if (own != other) {
    std::fprintf(stderr, "pinhook %s, git %s\n", own ? "ignores" : "does not", other ? "ignores" : "does not");
    std::abort();
  }
  return 0;
}
