#include <pinhook/trust/tuf_listing.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/trust/public_key.hpp>

#include <fmt/core.h>

#include <array>
#include <utility>

namespace pinhook::trust {
namespace {

struct hash_row {
  std::string_view name;
  hash by;
  std::size_t size;
};
constexpr std::array<hash_row, 3> known_hashes{
    {{"sha256", hash::sha256, 32}, {"sha384", hash::sha384, 48}, {"sha512", hash::sha512, 64}}};

}  // namespace

std::optional<tuf_listing> tuf_listing::read(const json::value* row, bool is_versioned) {
  if (row == nullptr || !row->IsObject()) return std::nullopt;
  tuf_listing out;
  out.version = json::find_integer(*row, "version").value_or(0);
  if (is_versioned && out.version < 1) return std::nullopt;
  out.length = json::find_integer(*row, "length");
  if (out.length ? *out.length < 0 : json::find(*row, "length") != nullptr) return std::nullopt;
  const json::value* hashes = json::find(*row, "hashes");
  for (const hash_row& one : known_hashes) {
    const auto text = hashes == nullptr ? std::nullopt : json::find_string(*hashes, one.name);
    if (!text) continue;
    auto bytes = decode_hexadecimal(*text);
    if (!bytes || bytes->size() != one.size) return std::nullopt;
    out.hashes.emplace(one.name, std::move(*bytes));
  }
  const bool must_have_hash = hashes != nullptr || !is_versioned;
  if ((must_have_hash && out.hashes.empty()) || (!is_versioned && !out.length)) return std::nullopt;
  return out;
}

std::string tuf_listing::differs_from(std::string_view bytes) const {
  if (length && *length != std::ssize(bytes))
    return fmt::format("has {} bytes, and {} were signed for", bytes.size(), *length);
  for (const hash_row& one : known_hashes)
    if (const auto wanted = hashes.find(one.name); wanted != hashes.end() && digest_of(one.by, bytes) != wanted->second)
      return fmt::format("does not have the {} that was signed for", one.name);
  return {};
}

}  // namespace pinhook::trust
