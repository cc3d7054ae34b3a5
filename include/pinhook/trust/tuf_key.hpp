// Keys of The Update Framework, in the forms of both of its codings.
//
// A key of TUF 1.0 has one scheme; in the coding of 2015 each signature names its method. Both are rows of one table.
//
// Sources: https://theupdateframework.github.io/specification/v1.0.33/#file-formats-keys; securesystemslib 1.6 for the
// schemes that are in use; https://github.com/notaryproject/notary/tree/v0.7.0/tuf/data. Immutable values; any thread.
#pragma once

#include <pinhook/base/json.hpp>
#include <pinhook/trust/public_key.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::trust {

/// How files, keys and signatures are written.
enum class tuf_coding : std::uint8_t {
  notary,    // the form of 2015: signed as sent, base64, a method in each signature, no scheme
  standard,  // TUF 1.0: signed in canonical JSON, hexadecimal, a scheme in each key
};

struct tuf_key {
  public_key key;
  /// "ecdsa-sha2-nistp256"; empty in the coding of 2015.
  std::string scheme;

  /// True when this key made the signature. `method`: that of the signature, in the coding of 2015.
  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature, std::string_view method) const;
};

/// By their IDs.
using tuf_keys = std::map<std::string, tuf_key, std::less<>>;

/// No value: a kind, a form or a scheme that is not supported.
[[nodiscard]] std::optional<tuf_key> read_tuf_key(const json::value& key, tuf_coding in);

/// The keys of a member `keys`; those that are not supported are left out. So are those under another key's ID in the
/// coding of 2015, where an ID is a hash of the key; in TUF 1.0 an ID is any text, and it is the file that names it
/// that has to be signed.
[[nodiscard]] tuf_keys tuf_keys_in(const json::value& keys, tuf_coding in);

}  // namespace pinhook::trust
