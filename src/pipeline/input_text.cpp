#include <pinhook/pipeline/input_text.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/terminal.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace pinhook::pipeline {
namespace {

// Bytes of one read from a source of unknown size.
constexpr std::size_t chunk = std::size_t{256} * 1024;

error_code code_of(int number) {
  if (number == ENOENT || number == ENOTDIR) return error_code::not_found;
  return number == EACCES || number == EPERM ? error_code::denied : error_code::unavailable;
}

// `size`: of a regular file; 0: not known.
result<std::string> read_all(int fd, std::size_t size) {
  const std::size_t limit = yaml::source_limits{}.size;
  const auto too_large = [&] { return fail(error_code::invalid_input, fmt::format("has more than {} bytes", limit)); };
  std::string text;
  if (size > limit) return too_large();
  // One byte more shows that the file has no more.
  if (size > 0) text.reserve(size + 1);
  for (;;) {
    const std::size_t used = text.size();
    const std::size_t left = std::max(text.capacity() - used, std::size_t{1});
    const std::size_t room = left < chunk && size == 0 ? chunk : left;
    ssize_t got = 0;
    int number = 0;
    // The bytes that are read over are not zeroed first.
    text.resize_and_overwrite(used + room, [&](char* to, std::size_t) {
      got = ::read(fd, to + used, room);
      number = errno;
      return used + (got > 0 ? static_cast<std::size_t>(got) : 0);
    });
    if (got < 0 && number == EINTR) continue;
    if (got < 0) return fail(code_of(number), fmt::format("cannot be read: {}", std::strerror(number)));
    if (got == 0) return text;
    if (text.size() > limit) return too_large();
    if (size > 0 && text.size() >= size && static_cast<std::size_t>(got) < room) return text;
  }
}

}  // namespace

result<std::string> read_input_text(const std::string& path) {
  const auto opened = open_file::to_read(path);
  if (opened) return read_all(opened->descriptor(), opened->size());
  // Callers add the name of the file.
  const std::string begin = fmt::format("cannot read {}: ", path);
  std::string reason = opened.error().message;
  if (reason.starts_with(begin)) reason.erase(0, begin.size());
  const std::string_view hint =
      opened.error().code == error_code::invalid_input ? "; to read from it, pipe it into standard input" : "";
  return fail(opened.error().code, fmt::format("cannot be read: {}{}", reason, hint));
}

result<std::string> read_standard_input(terminal from) {
  if (from == terminal::refused && is_terminal(STDIN_FILENO))
    return fail(error_code::invalid_input, "standard input is a terminal; pipe into it");
  struct stat about{};
  const bool is_file = ::fstat(STDIN_FILENO, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0;
  auto text = read_all(STDIN_FILENO, is_file ? static_cast<std::size_t>(about.st_size) : 0);
  if (!text) return fail(std::move(text.error()).at("standard input"));
  return text;
}

bool text_holds(std::string_view text, std::string_view word) {
  return !text.empty() && ::memmem(text.data(), text.size(), word.data(), word.size()) != nullptr;
}

}  // namespace pinhook::pipeline
