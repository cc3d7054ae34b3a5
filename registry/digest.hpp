// A content digest: the name of bytes, `sha256:` and 64 lower-case hexadecimal digits.
//
// Source: OCI image-spec descriptor.md "Digests"; go-digest demands lower-case hex of the exact length. sha512 is read,
// since a reference may carry it (registry.md §1.1); what pinhook writes is sha256.
#pragma once

#include <pinhook/base/error.hpp>

#include <string>
#include <string_view>

namespace pinhook::registry {

class digest {
 public:
  /// invalid_input: an unknown algorithm, a wrong length, upper-case or other characters; the message says which.
  [[nodiscard]] static result<digest> parse(std::string_view text);
  /// The SHA-256 of `bytes`.
  [[nodiscard]] static digest of(std::string_view bytes);

  /// "sha256:…"
  [[nodiscard]] const std::string& to_string() const { return text_; }
  [[nodiscard]] std::string_view algorithm() const;
  [[nodiscard]] std::string_view hex() const;
  /// For people: "sha256:0123456789ab".
  [[nodiscard]] std::string_view shortened() const;

  friend bool operator==(const digest&, const digest&) = default;
  friend auto operator<=>(const digest&, const digest&) = default;

 private:
  explicit digest(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace pinhook::registry
