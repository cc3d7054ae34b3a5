#include <pinhook/resolve/cache_key.hpp>

#include <pinhook/resolve/text_hash.hpp>

#include <bit>

namespace pinhook::resolve {

cache_key::cache_key(std::string_view canonical_reference, std::string_view credential_identity,
                     std::string_view on_account_of)
    : canonical(canonical_reference), identity(credential_identity), owner(on_account_of) {
  const std::size_t a = text_hash(canonical);
  const std::size_t b = text_hash(identity);
  // An odd multiplier near 2^64 over the golden ratio spreads the bits of both halves.
  hash = (a ^ std::rotl(b, 32)) * std::size_t{0x9e3779b97f4a7c15};
}

}  // namespace pinhook::resolve
