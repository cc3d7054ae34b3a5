// Any bytes as WWW-Authenticate lines: bounded, clean, and a realm that is chosen is a URL that we may ask.
#include <pinhook/registry/challenge.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook::registry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto all = parse_challenges(lines);
  require(all.size() <= max_challenges);
  for (const auto& one : all) {
    require(!one.scheme.empty());
    for (const auto& [name, value] : one.parameters) require(!name.empty() && is_clean(value));
  }
  static const auto asked = *web_url::parse("https://registry.example/v2/a/manifests/1");
  const auto chosen = choose_challenge(all, asked);
  if (chosen && chosen->is_bearer()) {
    const auto again = web_url::parse(chosen->realm->text());
    require(again && again->where() == chosen->realm->where());
    require(again->where().scheme == "https" || again->where().scheme == "http");
  }
  return 0;
}
