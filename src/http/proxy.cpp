#include <pinhook/http/proxy.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/http/address_guard.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

namespace pinhook::http {
namespace {

namespace ip = boost::asio::ip;

std::string from_environment(const char* upper, const char* lower) {
  if (const char* value = std::getenv(upper); value != nullptr && *value != '\0') return value;
  const char* value = std::getenv(lower);
  return value != nullptr ? value : "";
}

bool is_in_network(const ip::address& address, std::string_view network) {
  boost::system::error_code ec;
  if (address.is_v4()) {
    const auto v4 = ip::make_network_v4(std::string(network), ec);
    return !ec && ip::network_v4(address.to_v4(), v4.prefix_length()).canonical() == v4.canonical();
  }
  const auto v6 = ip::make_network_v6(std::string(network), ec);
  return !ec && ip::network_v6(address.to_v6(), v6.prefix_length()).canonical() == v6.canonical();
}

bool matches(const endpoint& to, std::string_view entry) {
  if (entry == "*") return true;
  const auto address = to.address();
  if (entry.find('/') != std::string_view::npos) return address && is_in_network(*address, entry);
  std::string_view name = entry;
  // The last colon starts a port, unless the colons are those of a bare IPv6 address.
  if (const auto colon = name.rfind(':'); colon != std::string_view::npos) {
    const bool is_bare_v6 = name.front() != '[' && name.find(':') != colon;
    if (!is_bare_v6 && name.back() != ']') {
      if (name.substr(colon + 1) != std::to_string(to.port)) return false;
      name = name.substr(0, colon);
    }
  }
  if (name.size() > 2 && name.front() == '[') name = name.substr(1, name.size() - 2);
  if (name.substr(0, 2) == "*.") name.remove_prefix(1);
  if (name.empty()) return false;
  std::string suffix(name);
  for (char& c : suffix) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (suffix.front() != '.' && to.host == suffix) return true;
  if (address) return false;
  if (suffix.front() != '.') suffix.insert(0, 1, '.');
  return to.host.size() > suffix.size() && std::string_view(to.host).substr(to.host.size() - suffix.size()) == suffix;
}

std::string proxy_part(CURLU* url, CURLUPart field, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, field, &text, flags) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

}  // namespace

proxy_settings proxy_from_environment() {
  return {from_environment("HTTP_PROXY", "http_proxy"), from_environment("HTTPS_PROXY", "https_proxy"),
          from_environment("NO_PROXY", "no_proxy")};
}

std::string proxy_for(const endpoint& to, const proxy_settings& s) {
  const std::string& proxy = to.is_https ? s.https : s.http;
  if (proxy.empty() || to.host == "localhost") return {};
  if (const auto address = to.address(); address && classify(*address) == address_kind::loopback) return {};
  for (std::string_view left = s.no_proxy; !left.empty();) {
    const auto comma = left.find(',');
    const auto entry = trimmed(left.substr(0, comma));
    left = comma == std::string_view::npos ? std::string_view() : left.substr(comma + 1);
    if (!entry.empty() && matches(to, entry)) return {};
  }
  return proxy;
}

result<proxy_place> parse_proxy(const std::string& setting) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  const bool has_scheme = setting.find("://") != std::string::npos;
  const std::string text = has_scheme ? setting : "http://" + setting;
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return fail(error_code::invalid_input,
                "the proxy setting is not a valid URL: it must be like http://proxy.example:3128");
  const std::string scheme = proxy_part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return fail(error_code::invalid_input,
                fmt::format("the proxy setting names a {} proxy; http and https are known", quoted(scheme, 20)));
  proxy_place out;
  out.is_https = scheme == "https";
  const std::string host = proxy_part(url.get(), CURLUPART_HOST);
  // libcurl is built in without a library that encodes them.
  if (std::ranges::any_of(host, [](unsigned char c) { return c >= 0x80; }))
    return fail(error_code::invalid_input,
                "the host of the proxy setting has letters that DNS does not have: write its encoded name (xn--…)");
  // curl's own default for proxies is 1080, of SOCKS; other programs take the scheme's.
  const std::string port = proxy_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  out.name = fmt::format("{}:{}", host, port);
  const std::string user = proxy_part(url.get(), CURLUPART_USER);
  const std::string password = proxy_part(url.get(), CURLUPART_PASSWORD);
  const std::string login = user.empty() && password.empty() ? "" : fmt::format("{}:{}@", user, password);
  out.url = secret(fmt::format("{}://{}{}", scheme, login, out.name));
  return out;
}

result<void> check(const proxy_settings& s) {
  for (const auto& [setting, variables] :
       {std::pair{&s.https, "HTTPS_PROXY (or https_proxy)"}, std::pair{&s.http, "HTTP_PROXY (or http_proxy)"}}) {
    if (setting->empty()) continue;
    if (auto place = parse_proxy(*setting); !place) return fail(std::move(place.error()).at(variables));
  }
  return {};
}

}  // namespace pinhook::http
