#include <pinhook/trust/tuf_target_path.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <ranges>
#include <set>

namespace pinhook::trust {
namespace {

// What names may have that are keys of a ConfigMap, and files in a directory.
bool is_plain(std::string_view name) {
  constexpr std::size_t most = 200;
  return !name.empty() && name.size() <= most && name.front() != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
             std::string_view::npos;
}

}  // namespace

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

result<void> check_targets(const std::vector<std::string>& targets) {
  std::set<std::string_view> names;
  for (const std::string& path : targets) {
    const std::string_view name = last_part(path);
    const bool is_odd = path.starts_with('/') || path.find("//") != std::string::npos ||
                        ("/" + path + "/").find("/../") != std::string::npos;
    if (is_odd || !is_plain(name) || name.starts_with("tuf."))
      return fail(
          error_code::invalid_input,
          fmt::format("{} cannot be stored: the last part of a target's path must be letters, digits and \"-\", "
                      "\"_\", \".\", and not begin with \".\" or \"tuf.\"",
                      quoted(path)));
    if (!names.insert(name).second)
      return fail(error_code::invalid_input,
                  fmt::format("two targets would be stored as {}; update them in places of their own", name));
  }
  return {};
}

std::string encoded_path(std::string_view path) {
  std::string out;
  for (const auto part : std::views::split(path, '/')) {
    if (!out.empty()) out += '/';
    out += percent_encoded(std::string_view(part));
  }
  return out;
}

}  // namespace pinhook::trust
