// Any bytes as the body of a refusal and as that of a token: the message stays short and printable, a token fits a
// header.
#include "fuzz/json_mutator.hpp"

#include <pinhook/registry/error_body.hpp>
#include <pinhook/registry/token_flow.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook::registry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const peer_message words = read_error_body(text);
  require(words.codes.size() <= peer_message::max_errors);
  // Escaping makes four characters of a byte.
  require(words.text.size() < peer_message::max_errors * 4 * (peer_message::max_text + 100));
  require(std::none_of(words.text.begin(), words.text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  if (const auto token = parse_token(text)) {
    const auto& shown = token->token.reveal();
    require(!shown.empty() && shown.size() <= max_token_size);
    require(std::all_of(shown.begin(), shown.end(), [](char c) { return c > 0x20 && c < 0x7f; }));
    require(token->lifetime >= token_cache::least_lifetime && token->lifetime <= token_cache::most_lifetime);
  }
  return 0;
}
