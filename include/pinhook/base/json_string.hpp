// A JSON string as it is written, and its meaning.
//
//   json::string key;                       // filled in by json::cursor::next_key
//   if (key == "spec") …                    // also for "\u0073pec"
//   std::string text;
//   if (!key.append_to(text)) …             // a wrong escape
//
// A view of the text; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::json {

/// The raw JSON string between its quotes.
struct string {
  std::string_view raw;
  bool has_escapes = false;

  /// Compares the meaning: "\u0073pec" equals "spec". False when the escapes are wrong.
  [[nodiscard]] bool operator==(std::string_view text) const {
    return has_escapes ? equals_decoded(text) : raw == text;
  }
  /// Appends the meaning to `out`; false on a wrong escape or half a surrogate pair, `out` then holds a part.
  [[nodiscard]] bool append_to(std::string& out) const;

 private:
  [[nodiscard]] bool equals_decoded(std::string_view text) const;
};

}  // namespace pinhook::json
