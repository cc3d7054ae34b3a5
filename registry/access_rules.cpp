#include <pinhook/registry/access_rules.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/http/endpoint.hpp>
#include <pinhook/registry/web_url.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::registry {
namespace {

// "*" is any number of any characters. The time is at most the product of the lengths.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Docker Hub has other host names in its protocol.
std::string known_as(std::string host) {
  if (host == "registry-1.docker.io" || host == "index.docker.io") return "docker.io";
  return host;
}

std::string_view port_of(std::string_view authority) {
  const std::string_view host = host_of(authority);
  return host.size() == authority.size() ? std::string_view() : authority.substr(host.size() + 1);
}

}  // namespace

result<access_rules::rule> access_rules::read(const std::string& text, std::string_view setting) {
  const auto bad = [&](std::string_view fault) {
    return fail(error_code::invalid_input, fmt::format("{}: {} {}", setting, quoted(text), fault));
  };
  if (text.empty()) return bad("is empty");
  if (text.size() > max_access_rule) return bad("is too long");
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!is_plain || text.find("://") != std::string::npos)
    return bad("is not a registry such as \"*.example.com\" or \"ghcr.io/acme/*\"");
  const auto slash = std::min(text.find('/'), text.size());
  const std::string authority = lowered(text.substr(0, slash));
  rule out;
  out.text = text;
  out.host = std::string(host_of(authority));
  out.port = std::string(port_of(authority));
  if (out.host.empty()) return bad("names no host");
  const bool is_port = std::all_of(out.port.begin(), out.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_port && out.port != "*") return bad("has a port that is not a number");
  out.host = known_as(std::move(out.host));
  if (slash < text.size()) {
    out.path = text.substr(slash + 1);
    if (out.path.empty()) return bad("ends in a slash");
  }
  return out;
}

result<access_rules> access_rules::make(const std::vector<std::string>& allow, const std::vector<std::string>& deny) {
  access_rules out;
  for (const auto& [texts, to, setting] :
       {std::tuple{&allow, &out.allow_, "registry.allow"}, std::tuple{&deny, &out.deny_, "registry.deny"}}) {
    for (const auto& text : *texts) {
      auto one = read(text, setting);
      if (!one) return fail(std::move(one.error()));
      to->push_back(std::move(*one));
    }
  }
  return out;
}

access_rules::place access_rules::place_of(std::string_view authority) {
  place out{lowered(host_of(authority)), std::string(port_of(authority))};
  if (out.port.empty()) out.port = "443";
  // An odd spelling of an address means that address, and a trailing dot means nothing.
  if (const auto plain = http::parse_endpoint(fmt::format("https://{}/", out.host))) {
    const bool is_v6 = plain->host.find(':') != std::string::npos;
    out.host = is_v6 ? fmt::format("[{}]", plain->host) : plain->host;
  }
  while (out.host.size() > 1 && out.host.ends_with('.')) out.host.pop_back();
  out.host = known_as(std::move(out.host));
  return out;
}

bool access_rules::is_about(const rule& r, const place& at, bool any_port) {
  const bool is_port = r.port.empty() ? any_port || at.port == "443" : r.port == "*" || r.port == at.port;
  return is_port && fits(r.host, at.host);
}

std::optional<error> access_rules::refusal(const reference& ref) const {
  const place at = place_of(ref.registry());
  for (const rule& r : deny_) {
    if (!is_about(r, at, true) || (!r.path.empty() && !fits(r.path, ref.repository()))) continue;
    return error{
        error_code::denied,
        fmt::format("{}/{} is not allowed: {} in registry.deny", ref.registry(), ref.repository(), quoted(r.text)),
        std::nullopt, remedy::other_source};
  }
  if (allow_.empty()) return std::nullopt;
  const bool is_allowed = std::any_of(allow_.begin(), allow_.end(), [&](const rule& r) {
    return is_about(r, at, false) && (r.path.empty() || fits(r.path, ref.repository()));
  });
  if (is_allowed) return std::nullopt;
  return error{
      error_code::denied,
      fmt::format("{}/{} is not allowed: no rule in registry.allow matches it ({})", ref.registry(), ref.repository(),
                  allow_.size() == 1 ? quoted(allow_.front().text) : fmt::format("{} rules", allow_.size())),
      std::nullopt, remedy::other_source};
}

std::optional<error> access_rules::refusal_of_host(std::string_view authority) const {
  const place at = place_of(authority);
  for (const rule& r : deny_) {
    if (!r.path.empty() || !is_about(r, at, true)) continue;
    return error{error_code::denied, fmt::format("{} is not allowed: {} in registry.deny", authority, quoted(r.text)),
                 std::nullopt, remedy::other_source};
  }
  return std::nullopt;
}

}  // namespace pinhook::registry
