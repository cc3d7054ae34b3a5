// Reads CBOR (RFC 8949) item by item; COSE signatures are written in it.
//
// libcbor decodes each head; its reader of whole values is not used, since that one goes as deep as the input does.
// Indefinite lengths are refused: COSE signers do not write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::trust {

struct cbor_item {
  enum class kind : std::uint8_t { integer, bytes, text, array, map, tag, other };
  kind type = kind::other;
  /// Of an integer; the number of an array's elements, a map's pairs, or a tag.
  std::int64_t number = 0;
  /// Of bytes and text; a view into the input.
  std::string_view content;
};

class cbor_reader {
 public:
  explicit cbor_reader(std::string_view input) : rest_(input) {}

  /// No value: the input has ended or is malformed.
  [[nodiscard]] std::optional<cbor_item> next();
  /// The next item, when it is of that kind.
  [[nodiscard]] std::optional<cbor_item> next(cbor_item::kind wanted);
  /// Passes over a whole value. False: it is malformed, or nested too deeply.
  [[nodiscard]] bool skip();
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace pinhook::trust
