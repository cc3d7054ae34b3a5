#include <pinhook/files/path_glob.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace pinhook::files {
namespace {

// The parts of a path, without empty ones and ".".
std::vector<std::string_view> glob_parts(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('/'), text.size());
    const auto part = text.substr(0, end);
    if (!part.empty() && part != ".") out.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

bool path_glob::is_one(std::string_view word) { return word.find_first_of("*?[") != std::string_view::npos; }

std::optional<path_glob> path_glob::parse(std::string_view word) {
  path_glob out;
  const auto first = std::min(word.find_first_of("*?[\\"), word.size());
  const auto slash = word.substr(0, first).rfind('/');
  if (slash != std::string_view::npos) {
    out.directory_ = word.substr(0, std::max<std::size_t>(slash, 1));
    word.remove_prefix(slash + 1);
  }
  const auto parts = glob_parts(word);
  if (parts.empty()) return std::nullopt;
  auto whole = path_pattern::parse(fmt::format("{}", fmt::join(parts, "/")));
  if (!whole) return std::nullopt;
  out.whole_ = std::move(*whole);
  out.wants_directory_ = word.ends_with('/');
  out.names_no_kind_ = parts.back() == "*" || parts.back() == "**";
  out.depth_ = parts.size();
  for (const auto part : parts) {
    // A set may hold a '/' that does not separate parts: "[a/b]".
    auto one = path_pattern::parse(part);
    if (!one || part.find("**") != std::string_view::npos) {
      out.depth_.reset();
      break;
    }
    out.parts_.push_back(std::move(*one));
  }
  return out;
}

bool path_glob::may_hold(std::string_view name, std::size_t depth) const {
  if (depth_ && depth + 1 >= *depth_) return false;
  return depth >= parts_.size() || parts_[depth].matches(name);
}

bool path_glob::finds(std::string_view path, bool is_directory) const {
  return (is_directory || !wants_directory_) && whole_.matches(path);
}

}  // namespace pinhook::files
