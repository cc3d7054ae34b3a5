#include <pinhook/http/endpoint.hpp>

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace pinhook::http {
namespace {

using url_ptr = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::optional<std::string> part(CURLU* url, CURLUPart field, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, field, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string out = text;
  curl_free(text);
  return out;
}

}  // namespace

std::string endpoint::to_string() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::string endpoint::url_authority() const {
  const std::string whole = to_string();
  return port == (is_https ? 443 : 80) ? whole.substr(0, whole.rfind(':')) : whole;
}

std::optional<boost::asio::ip::address> endpoint::address() const {
  boost::system::error_code not_an_address;
  const auto out = boost::asio::ip::make_address(host, not_an_address);
  if (not_an_address) return std::nullopt;
  return out;
}

result<endpoint> parse_endpoint(const std::string& url) {
  const auto is_forbidden = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (std::any_of(url.begin(), url.end(), is_forbidden))
    return fail(error_code::invalid_input, "a URL must not contain spaces or control characters");
  const url_ptr parsed(curl_url(), curl_url_cleanup);
  // curl parses the URL because curl connects: two parsers that disagree on a host would be a security hole.
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
    return fail(error_code::invalid_input, "not an absolute http or https URL without a user name");
  const auto scheme = part(parsed.get(), CURLUPART_SCHEME);
  auto host = part(parsed.get(), CURLUPART_HOST);
  const auto port = part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || (*scheme != "http" && *scheme != "https") || !host || host->empty() || !port)
    return fail(error_code::invalid_input, "not an absolute http or https URL");
  if (host->front() == '[') *host = host->substr(1, host->size() - 2);
  std::transform(host->begin(), host->end(), host->begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return endpoint{*scheme == "https", std::move(*host), static_cast<std::uint16_t>(std::atoi(port->c_str()))};
}

std::string with_host(const std::string& url, const std::string& host) {
  const url_ptr parsed(curl_url(), curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK ||
      curl_url_set(parsed.get(), CURLUPART_HOST, host.c_str(), 0) != CURLUE_OK)
    return url;
  return part(parsed.get(), CURLUPART_URL).value_or(url);
}

}  // namespace pinhook::http
