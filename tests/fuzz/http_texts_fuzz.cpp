// Any bytes as the short texts of HTTP: URLs of peers and of settings, proxies, networks and dates. What is read
// is the same when its own text is read again.
#include "fuzz/require.hpp"

#include <pinhook/base/timestamp.hpp>
#include <pinhook/http/answer_time.hpp>
#include <pinhook/http/network.hpp>
#include <pinhook/http/proxy.hpp>
#include <pinhook/http/retry.hpp>
#include <pinhook/registry/web_url.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace pinhook;
using fuzz::require;

void read_urls(const std::string& text) {
  static const auto base = registry::web_url::parse("https://registry.example/v2/a/blobs/1?x=2").value();
  if (const auto url = registry::web_url::parse(text)) {
    const auto again = registry::web_url::parse(url->text());
    require(again && again->text() == url->text() && again->where() == url->where());
    // curl, which sends the request, sees the same host.
    const auto place = http::parse_endpoint(url->text());
    require(!place || place->port == url->where().port);
  }
  if (const auto joined = base.join(text)) require(registry::web_url::parse(joined->text()).has_value());
  if (const auto place = http::parse_endpoint(text)) require(!place->host.empty() && !place->to_string().empty());
  (void)http::proxy_for({true, "a.corp.example", 443}, {"http://p:1", "http://p:1", text});
  const auto proxy = http::parse_proxy(text);
  require(!proxy || !proxy->name.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_urls(text);
  if (const auto range = http::parse_network(text)) {
    const auto again = http::parse_network(range->to_string());
    require(again && *again == *range && range->contains(range->first));
  }
  (void)http::parse_date(text);
  static const wall_time now = parse_timestamp("2027-01-01T00:00:00Z").value();
  if (const auto wait = http::parse_retry_after({{"Retry-After", text}}, now))
    require(wait->count() >= 0 && *wait <= http::max_retry_after);
  return 0;
}
