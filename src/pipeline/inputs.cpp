#include <pinhook/base/file.hpp>
#include <pinhook/files/file_walk.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/pipeline/chart_files.hpp>
#include <pinhook/pipeline/inputs.hpp>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

namespace pinhook::pipeline {
namespace {

// What is read at once from what does not say its size.
constexpr std::size_t chunk = std::size_t{256} * 1024;

error_code code_of(int number) {
  if (number == ENOENT || number == ENOTDIR) return error_code::not_found;
  return number == EACCES || number == EPERM ? error_code::denied : error_code::unavailable;
}

result<std::string> read_all(int fd) {
  const std::size_t limit = yaml::source_limits{}.size;
  const auto too_large = [&] { return fail(error_code::invalid_input, fmt::format("has more than {} bytes", limit)); };
  std::string text;
  struct stat about{};
  if (::fstat(fd, &about) == 0 && about.st_size > 0) {
    const auto size = static_cast<std::size_t>(about.st_size);
    if (size > limit) return too_large();
    text.reserve(size + 1);
  }
  for (;;) {
    const std::size_t used = text.size();
    const std::size_t room = std::max(text.capacity() - used, std::size_t{1});
    text.resize(used + (room < chunk && about.st_size == 0 ? chunk : room));
    const ssize_t got = ::read(fd, text.data() + used, text.size() - used);
    const int number = errno;
    text.resize(used + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && number == EINTR) continue;
    if (got < 0) return fail(code_of(number), fmt::format("cannot be read: {}", std::strerror(number)));
    if (got == 0) return text;
    if (text.size() > limit) return too_large();
  }
}

class reader {
 public:
  reader(const std::vector<std::string>& words, const files::file_rules& rules, const std::function<void(input)>& take)
      : rules_(rules), take_(take) {
    for (const auto& word : words) named_.insert(std::filesystem::path(word).lexically_normal().string());
  }

  // Files, directories, globs.
  result<void> read_files(const std::vector<std::string>& words) {
    if (words.empty()) return {};
    auto found = files::find_files(words);
    if (!found) return fail(std::move(found.error()));
    for (auto& path : found->paths) {
      if (!seen_.insert(path).second) continue;
      const bool is_named = named_.contains(std::filesystem::path(path).lexically_normal().string());
      add(std::move(path), is_named);
    }
    return {};
  }

  result<void> read_stdin() {
    if (!seen_.insert("-").second) return {};
    auto text = read_all(STDIN_FILENO);
    if (!text) return fail(std::move(text.error()).at("standard input"));
    take_({"-", files::image_file::read(std::move(*text), "-", rules_), true});
    return {};
  }

 private:
  // What editors and tools keep (devcontainer.json): no manifest, since nothing that reads manifests takes it.
  static bool is_json_with_comments(std::string_view path, std::string_view text) {
    return path.ends_with(".json") && (text.contains("//") || text.contains("/*"));
  }

  void add(std::string path, bool is_named) {
    auto text = read_input_text(path);
    if (!text) {
      take_({std::move(path), fail(std::move(text.error())), is_named});
      return;
    }
    const bool may_hold =
        is_named || (files::may_hold_images(*text, path, rules_) && !is_json_with_comments(path, *text));
    auto content = files::image_file::read(std::move(*text), path, rules_, charts_.chart_of(path));
    if (!content && !may_hold) return;
    take_({std::move(path), std::move(content), is_named});
  }

  const files::file_rules& rules_;
  chart_files charts_;
  std::set<std::string, std::less<>> named_;
  std::set<std::string, std::less<>> seen_;
  const std::function<void(input)>& take_;
};

}  // namespace

result<std::string> read_input_text(const std::string& path) {
  const auto opened = open_file::to_read(path);
  if (opened) return read_all(opened->descriptor());
  // Callers name the file.
  const std::string begin = fmt::format("cannot read {}: ", path);
  std::string why = opened.error().message;
  if (why.starts_with(begin)) why.erase(0, begin.size());
  const std::string_view hint =
      opened.error().code == error_code::invalid_input ? "; to read from it, pipe it into standard input" : "";
  return fail(opened.error().code, fmt::format("cannot be read: {}{}", why, hint));
}

result<void> each_input(const std::vector<std::string>& words, const files::file_rules& rules,
                        const std::function<void(input)>& take) {
  reader r(words, rules, take);
  if (words.empty()) {
    if (::isatty(STDIN_FILENO) != 0)
      return fail(error_code::invalid_input,
                  "no files are named, and standard input is a terminal; name files or directories, or pipe into it");
    return r.read_stdin();
  }
  // In the order in which they are named: what stands before a "-", then standard input, then the rest.
  std::vector<std::string> before;
  for (const auto& word : words) {
    if (word != "-") {
      before.push_back(word);
      continue;
    }
    if (auto ok = r.read_files(std::exchange(before, {})); !ok) return fail(std::move(ok.error()));
    if (auto ok = r.read_stdin(); !ok) return fail(std::move(ok.error()));
  }
  return r.read_files(before);
}

result<std::vector<input>> read_inputs(const std::vector<std::string>& words, const files::file_rules& rules) {
  std::vector<input> out;
  auto ok = each_input(words, rules, [&out](input one) { out.push_back(std::move(one)); });
  if (!ok) return fail(std::move(ok.error()));
  return out;
}

result<std::string> read_standard_input() {
  if (::isatty(STDIN_FILENO) != 0) return fail(error_code::invalid_input, "standard input is a terminal; pipe into it");
  auto text = read_all(STDIN_FILENO);
  if (!text) return fail(std::move(text.error()).at("standard input"));
  return text;
}

}  // namespace pinhook::pipeline
