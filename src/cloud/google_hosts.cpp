#include <pinhook/cloud/google_hosts.hpp>

#include <pinhook/http/endpoint.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

namespace pinhook::cloud {
namespace {

bool is_google_label(std::string_view text) {
  constexpr std::size_t longest = 63;
  return !text.empty() && text.size() <= longest && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; });
}

// The first label of `rest`, which then begins at the next one.
std::string_view take_label(std::optional<std::string_view>& rest) {
  const auto dot = rest->find('.');
  const std::string_view label = rest->substr(0, dot);
  if (dot == std::string_view::npos)
    rest.reset();
  else
    rest->remove_prefix(dot + 1);
  return label;
}

// "*" is any label, "*-x" and "x-*" any label with that end or beginning and more text.
bool matches_label(std::string_view label, std::string_view wanted) {
  if (!is_google_label(label)) return false;
  if (wanted == "*") return true;
  if (wanted.starts_with('*')) return label.size() >= wanted.size() && label.ends_with(wanted.substr(1));
  if (wanted.ends_with('*'))
    return label.size() >= wanted.size() && label.starts_with(wanted.substr(0, wanted.size() - 1));
  return label == wanted;
}

bool matches(std::string_view host, std::string_view pattern) {
  std::optional<std::string_view> labels = host;
  std::optional<std::string_view> wanted = pattern;
  while (labels && wanted) {
    const std::string_view label = take_label(labels);
    if (!matches_label(label, take_label(wanted))) return false;
  }
  return !labels && !wanted;
}

}  // namespace

bool is_google_registry(std::string_view registry) {
  // Each answer asks this of each image, and most are of other registries.
  if (!registry.ends_with(".pkg.dev") && !registry.ends_with("gcr.io")) return false;
  constexpr std::array<std::string_view, 4> patterns{"gcr.io", "*.gcr.io", "*-docker.pkg.dev", "docker.*.rep.pkg.dev"};
  return std::ranges::any_of(patterns, [&](std::string_view one) { return matches(registry, one); });
}

bool is_google_service(const std::string& url, std::string_view name) {
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme)) return false;
  const auto where = http::parse_endpoint(url);
  if (!where || !where->is_https || where->port != 443) return false;
  constexpr std::array<std::string_view, 6> patterns{"{}.googleapis.com",     "*.{}.googleapis.com",
                                                     "{}.*.googleapis.com",   "*-{}.googleapis.com",
                                                     "{}-*.p.googleapis.com", "{}.*.rep.googleapis.com"};
  return std::ranges::any_of(
      patterns, [&](std::string_view one) { return matches(where->host, fmt::format(fmt::runtime(one), name)); });
}

}  // namespace pinhook::cloud
