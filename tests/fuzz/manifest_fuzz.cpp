// A line with a Content-Type, one with a digest header, then any bytes as a manifest: an accepted digest is the hash of
// these bytes, and the header did not contradict it.
#include "fuzz/json_mutator.hpp"

#include <pinhook/registry/manifest.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  http::response r;
  r.status = 200;
  r.headers.push_back({"Content-Type", std::string(take_line(text))});
  const std::string named(take_line(text));
  if (!named.empty()) r.headers.push_back({"Docker-Content-Digest", named});
  r.body = text;
  const registry::manifest_query question{{"registry r.example", "\"a:1\"", ""}, std::nullopt, false};
  const auto by_head = registry::decide_head(question, r, {});
  if (const auto* known = std::get_if<registry::descriptor>(&by_head)) require(known->digest.to_string() == named);
  if (const auto known = registry::decide_get(question, r, {})) {
    require(known->digest == registry::digest::of(text));
    if (const auto parsed = registry::digest::parse(named); parsed && parsed->algorithm() == "sha256")
      require(*parsed == known->digest);
  }
  return 0;
}
