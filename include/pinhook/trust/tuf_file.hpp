// Files of The Update Framework, in both of its codings: TUF 1.0, and the form of 2015, in which Notary (Docker Content
// Trust) writes them.
//
// A file is JSON of two members: the signed content, and the signatures over it. In the form of 2015 the signed bytes
// are those that were sent; in TUF 1.0 they are the content in canonical JSON.
//
// Sources: https://theupdateframework.github.io/specification/v1.0.33/#file-formats;
// https://github.com/notaryproject/notary/tree/v0.7.0/tuf/data. Immutable values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/trust/tuf_key.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// Bytes of one file that are read: targets of a repository with 10,000 tags have 2 MiB.
inline constexpr std::size_t max_tuf_bytes = std::size_t{8} * 1024 * 1024;

/// The keys that must sign for a role.
struct tuf_role {
  std::vector<std::string> key_ids;
  std::int64_t threshold = 0;
};

class tuf_file {
 public:
  /// `type`: "Root", "Timestamp", "Snapshot", "Targets", in TUF 1.0 in small letters, as the file has to say itself.
  /// malformed: it is no such file; the reason is a sentence about it ("is not signed JSON").
  [[nodiscard]] static result<tuf_file> parse(std::string_view text, std::string_view type,
                                              tuf_coding in = tuf_coding::notary);

  /// The signed content.
  [[nodiscard]] const json::value& content() const { return *content_; }
  /// The bytes that the signatures are over.
  [[nodiscard]] const std::string& signed_text() const { return signed_text_; }
  [[nodiscard]] std::int64_t version() const { return version_; }
  [[nodiscard]] wall_time expires() const { return expires_; }
  /// True when as many of the role's keys as its threshold demands have signed. A key under two IDs is one key.
  [[nodiscard]] bool is_signed_by(const tuf_role& role, const tuf_keys& keys) const;

 private:
  struct signature_line {
    std::string key_id;
    std::string method;
    std::string value;
  };
  tuf_file() = default;
  [[nodiscard]] static result<tuf_file> split(std::string_view text, tuf_coding in);
  [[nodiscard]] result<void> take_signatures(const json::value& lines, tuf_coding in);

  std::string signed_text_;
  std::shared_ptr<const json::value> content_;
  std::vector<signature_line> signatures_;
  std::int64_t version_ = 0;
  wall_time expires_{};
};

/// No value: not a role, or one that asks for no signature.
[[nodiscard]] std::optional<tuf_role> tuf_role_in(const json::value& role);

}  // namespace pinhook::trust
