// The key of an answer that is remembered: which image, asked for with which credentials.
//
// Any thread; a key borrows its text.
#pragma once

#include <cstddef>
#include <string_view>

namespace pinhook::resolve {

/// A key that borrows its text. Entries are shared between equal identities only: a digest is handed out
/// only to a request that could have asked the registry itself.
struct cache_key {
  /// `on_account_of`: the owner (a namespace) that looks up; not compared.
  cache_key(std::string_view canonical_reference, std::string_view credential_identity,
            std::string_view on_account_of = {});

  std::string_view canonical;
  std::string_view identity;
  std::string_view owner;
  std::size_t hash;

  friend bool operator==(const cache_key& a, const cache_key& b) {
    return a.hash == b.hash && a.canonical == b.canonical && a.identity == b.identity;
  }

  /// For the tables of the standard library.
  struct hasher {
    std::size_t operator()(const cache_key& key) const noexcept { return key.hash; }
  };
};

}  // namespace pinhook::resolve
