#include <pinhook/resolve/help_text.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/base/printable.hpp>

#include <fmt/core.h>

namespace pinhook::resolve {
namespace {

constexpr std::string_view mark = "{namespace}";
constexpr std::size_t longest_namespace = 63;

}  // namespace

std::optional<std::string> fault_of_help(std::string_view text) {
  if (printable(text) != text) return "has a character that is not printable, or is not UTF-8";
  const std::string filled = filled_help(text, std::string(longest_namespace, 'n'));
  if (const auto at = filled.find_first_of("{}"); at != std::string::npos)
    return fmt::format("has a brace outside {}: {}", mark, quoted(std::string_view(filled).substr(at), 40));
  if (filled.size() > max_help_size)
    return fmt::format("has {} bytes with the longest name of a namespace; at most {} are allowed", filled.size(),
                       max_help_size);
  return std::nullopt;
}

std::string filled_help(std::string_view text, std::string_view ns) {
  if (ns.empty()) ns = "-";
  std::string out;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    out += text.substr(0, at);
    out += ns;
    text.remove_prefix(at + mark.size());
  }
  return out += text;
}

}  // namespace pinhook::resolve
