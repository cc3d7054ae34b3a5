// A JSON Patch (RFC 6902) built from slots: `replace` on exactly the image paths and one operation for the annotation.
// Nothing else of the object is re-emitted, and there is no `test`: the API server applies the patch to the very object
// it sent. An operation that does not fit would fail the request, also under failurePolicy Ignore (docs/api-server.md):
// so each `replace` names an existing value, and each `add` has its parent.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::pin {

class json_patch {
 public:
  /// Replaces the string that `pointer` leads to by `value`.
  void replace(std::string_view pointer, std::string_view value);
  /// Adds the string `value` at `pointer`.
  void add(std::string_view pointer, std::string_view value);
  /// Adds an empty object at `pointer`.
  void add_object(std::string_view pointer);

  [[nodiscard]] bool is_empty() const { return text_.empty(); }
  /// "[…]"
  [[nodiscard]] std::string text() const { return "[" + text_ + "]"; }

 private:
  void begin(std::string_view operation, std::string_view pointer);
  std::string text_;
};

}  // namespace pinhook::pin
