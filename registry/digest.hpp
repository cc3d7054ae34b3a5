// A content digest: the name of bytes, `sha256:` and 64 lower-case hexadecimal digits.
//
//   digest::parse("sha256:e3b0c442…")   digest::of(manifest)   d.shortened() == "sha256:e3b0c44298fc"
//
// Source: OCI image-spec descriptor.md "Digests"; go-digest demands lower-case hex of the exact length. sha384 and
// sha512 are read, since a reference may carry them and the kubelet knows them; pinhook itself computes sha256. An
// immutable value; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/syntax_fault.hpp>

#include <expected>
#include <string>
#include <string_view>

namespace pinhook::registry {

class digest {
 public:
  /// invalid_input: an unknown algorithm, a wrong length, upper-case or other characters; the message says which.
  [[nodiscard]] static result<digest> parse(std::string_view text);
  /// As `parse`, with the position apart from the reason.
  [[nodiscard]] static std::expected<digest, syntax_fault> read(std::string_view text);
  /// The SHA-256 of `bytes`.
  [[nodiscard]] static digest of(std::string_view bytes);

  /// "sha256:…"
  [[nodiscard]] const std::string& to_string() const { return text_; }
  [[nodiscard]] std::string_view algorithm() const;
  [[nodiscard]] std::string_view hex() const;
  /// For messages: "sha256:0123456789ab".
  [[nodiscard]] std::string_view shortened() const;

  friend bool operator==(const digest&, const digest&) = default;
  friend auto operator<=>(const digest&, const digest&) = default;

 private:
  explicit digest(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// For messages: "127.0.0.1:5000/shop/web@sha256:01234567…", with the text's first SHA-256 digest cut after eight
/// digits.
[[nodiscard]] std::string shorten_digest(std::string_view text);

}  // namespace pinhook::registry
