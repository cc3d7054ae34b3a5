// How one file of TUF 1.0 has to be, by the file that lists it.
//
// Source: https://theupdateframework.github.io/specification/v1.0.33/#file-formats-snapshot. Pure; any thread.
#pragma once

#include <pinhook/base/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::trust {

struct tuf_listing {
  std::int64_t version = 0;
  std::optional<std::int64_t> length;
  /// Algorithm to bytes: those that are known.
  std::map<std::string_view, std::string> hashes;

  /// No value: it is not listed, or not in this form. `is_versioned`: metadata, of which the version has to be there
  /// and the rest may be missing; else a target, which has a length and a hash.
  [[nodiscard]] static std::optional<tuf_listing> read(const json::value* row, bool is_versioned);
  /// The difference as a predicate ("has 3 bytes, …"); empty: none.
  [[nodiscard]] std::string differs_from(std::string_view bytes) const;
};

}  // namespace pinhook::trust
