#include <pinhook/registry/web_url.hpp>

#include <pinhook/base/text.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace pinhook::registry {
namespace {

namespace urls = boost::urls;

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool is_plain_host(std::string_view host) {
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (bracketed) return hex || c == ':' || c == '.';
    return hex || (c >= 'g' && c <= 'z') || c == '.' || c == '-' || c == '_';
  });
}

std::string_view view(boost::core::string_view s) { return {s.data(), s.size()}; }

}  // namespace

std::string origin::authority() const { return port == default_port(scheme) ? host : fmt::format("{}:{}", host, port); }

std::string origin::to_string() const { return fmt::format("{}://{}:{}", scheme, host, port); }

bool is_loopback_name(std::string_view host) {
  if (lowered(host) == "localhost" || host == "[::1]") return true;
  // Four decimal numbers below 256, the first one 127: "127.1" and "0x7f.0.0.1" are names of uncertain meaning.
  int parts = 0;
  const char* at = host.data();
  const char* const end = at + host.size();
  while (at != end) {
    unsigned number = 256;
    const auto [next, bad] = std::from_chars(at, end, number);
    if (bad != std::errc() || next - at > 3 || number > 255 || (parts == 0 && number != 127)) return false;
    ++parts;
    if (next == end) return parts == 4;
    if (*next != '.' || parts == 4) return false;
    at = next + 1;
  }
  return false;
}

std::string_view host_of(std::string_view authority) {
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return authority;
  return authority.substr(0, colon);
}

result<web_url> web_url::parse(std::string_view text) {
  if (text.size() > max_size)
    return fail(error_code::malformed, fmt::format("a URL of {} bytes; the limit is {}", text.size(), max_size));
  const auto parsed = urls::parse_uri({text.data(), text.size()});
  if (!parsed) return fail(error_code::malformed, fmt::format("{} is not an absolute URL", quoted(text)));
  web_url out;
  out.where_.scheme = lowered(view(parsed->scheme()));
  if (out.where_.scheme != "https" && out.where_.scheme != "http")
    return fail(error_code::malformed, fmt::format("{} is neither http nor https", quoted(text)));
  if (!parsed->has_authority() || parsed->has_userinfo())
    return fail(error_code::malformed, fmt::format("{} has no host, or a user before it", quoted(text)));
  out.where_.host = lowered(view(parsed->encoded_host()));
  if (!is_plain_host(out.where_.host))
    return fail(error_code::malformed, fmt::format("{} has an invalid host", quoted(text)));
  if (parsed->has_port() && !parsed->port().empty()) {
    // Boost.URL's own number cannot express "too large".
    const std::string_view digits = view(parsed->port());
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), out.where_.port);
    if (bad != std::errc() || end != digits.data() + digits.size() || out.where_.port == 0)
      return fail(error_code::malformed, fmt::format("{} has a port outside 1 to 65535", quoted(text)));
  } else {
    out.where_.port = default_port(out.where_.scheme);
  }
  out.text_ = text.substr(0, text.find('#'));
  return out;
}

result<web_url> web_url::join(std::string_view relative) const {
  const auto reference = urls::parse_uri_reference({relative.data(), relative.size()});
  if (!reference || relative.size() > max_size)
    return fail(error_code::malformed, fmt::format("{} is not a URL", quoted(relative)));
  const auto base = urls::parse_uri(text_);
  urls::url joined;
  if (!base || !urls::resolve(*base, *reference, joined))
    return fail(error_code::malformed, fmt::format("{} is not a URL", quoted(relative)));
  return parse(view(joined.buffer()));
}

std::string_view web_url::path() const {
  const auto start = text_.find('/', where_.scheme.size() + 3);
  if (start == std::string::npos) return {};
  return std::string_view(text_).substr(start, text_.find('?', start) - start);
}

}  // namespace pinhook::registry
