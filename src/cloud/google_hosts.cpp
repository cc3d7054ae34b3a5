#include <pinhook/cloud/google_hosts.hpp>

#include <pinhook/http/endpoint.hpp>

#include <algorithm>
#include <vector>

namespace pinhook::cloud {
namespace {

bool is_google_label(std::string_view text) {
  constexpr std::size_t longest = 63;
  return !text.empty() && text.size() <= longest && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; });
}

std::vector<std::string_view> labels_of(std::string_view host) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto dot = host.find('.');
    out.push_back(host.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    host.remove_prefix(dot + 1);
  }
}

// The labels from the left; "*" is any label, "*-x" and "x-*" any label with that end or beginning and more text.
bool matches(const std::vector<std::string_view>& labels, const std::vector<std::string>& pattern) {
  return std::equal(labels.begin(), labels.end(), pattern.begin(), pattern.end(),
                    [](std::string_view label, std::string_view wanted) {
                      if (!is_google_label(label)) return false;
                      if (wanted == "*") return true;
                      if (wanted.starts_with('*'))
                        return label.size() >= wanted.size() && label.ends_with(wanted.substr(1));
                      if (wanted.ends_with('*'))
                        return label.size() >= wanted.size() && label.starts_with(wanted.substr(0, wanted.size() - 1));
                      return label == wanted;
                    });
}

bool matches_any(std::string_view host, const std::vector<std::vector<std::string>>& patterns) {
  const auto labels = labels_of(host);
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& one) { return matches(labels, one); });
}

}  // namespace

bool is_google_registry(std::string_view registry) {
  static const std::vector<std::vector<std::string>> patterns{
      {"gcr", "io"}, {"*", "gcr", "io"}, {"*-docker", "pkg", "dev"}, {"docker", "*", "rep", "pkg", "dev"}};
  return matches_any(registry, patterns);
}

bool is_google_service(const std::string& url, std::string_view name) {
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme)) return false;
  const auto where = http::parse_endpoint(url);
  if (!where || !where->is_https || where->port != 443) return false;
  const std::string service(name);
  return matches_any(where->host, {{service, "googleapis", "com"},
                                   {"*", service, "googleapis", "com"},
                                   {service, "*", "googleapis", "com"},
                                   {"*-" + service, "googleapis", "com"},
                                   {service + "-*", "p", "googleapis", "com"},
                                   {service, "*", "rep", "googleapis", "com"}});
}

}  // namespace pinhook::cloud
