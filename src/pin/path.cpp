#include <pinhook/pin/path.hpp>

#include <fmt/core.h>

namespace pinhook::pin {
namespace {

auto refuse(std::string_view text, std::string_view why) {
  return fail(
      error_code::invalid_input,
      fmt::format("{} is not a valid path to an image: {}; an example is spec.workers[*].image", quoted(text), why));
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '$';
}

}  // namespace

result<path> parse_path(std::string_view text) {
  if (text.size() > max_path_size) return refuse(text, fmt::format("it is longer than {} bytes", max_path_size));
  path out;
  for (std::size_t at = 0; at < text.size() || out.empty();) {
    if (!out.empty()) {
      const std::string_view three = text.substr(at, 3);
      if (three == "[*]" || three == "{*}") {
        out.push_back({three == "[*]" ? path_step::kind::elements : path_step::kind::values, {}});
        at += 3;
        continue;
      }
      if (text[at] != '.') return refuse(text, fmt::format("'.', '[*]' or '{{*}}' is expected at position {}", at + 1));
      ++at;
    }
    const std::size_t start = at;
    while (at < text.size() && is_name_byte(text[at])) ++at;
    if (at == start) return refuse(text, fmt::format("a name is expected at position {}", at + 1));
    out.push_back({path_step::kind::member, std::string(text.substr(start, at - start))});
  }
  if (out.front().name == "metadata") return refuse(text, "metadata holds no images");
  return out;
}

}  // namespace pinhook::pin
