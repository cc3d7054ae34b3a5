#include <pinhook/trust/tuf_delegation.hpp>

#include <pinhook/base/hexadecimal.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/core.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace pinhook::trust {
namespace {

// Patterns of other lengths are not written by people, and take long to match.
constexpr std::size_t max_pattern = 256;

bool fits_pattern(const std::string& path, std::string_view pattern) {
  return pattern.size() <= max_pattern &&
         fnmatch(std::string(pattern).c_str(), path.c_str(), FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

bool is_delegated(const json::value& role, const std::string& path) {
  for (const json::value* one : list_in(role, "paths"))
    if (one->IsString() && fits_pattern(path, json::text_of(*one))) return true;
  const auto prefixes = list_in(role, "path_hash_prefixes");
  if (prefixes.empty()) return false;
  const std::string hashed = encode_hexadecimal(sha256(path));
  return std::ranges::any_of(prefixes, [&](const json::value* one) {
    return one->IsString() && one->GetStringLength() > 0 && hashed.starts_with(json::text_of(*one));
  });
}

// The name of the bin: the first bits of the path's hash, in as many digits as the last bin needs.
std::optional<std::string> bin_of(const json::value& succinct, const std::string& path) {
  constexpr std::int64_t most_bits = 32;
  const auto bits = json::find_integer(succinct, "bit_length");
  if (!bits || *bits < 1 || *bits > most_bits) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : sha256(path).substr(0, 4)) number = number << 8U | static_cast<unsigned char>(c);
  number >>= static_cast<unsigned>(most_bits - *bits);
  const auto last = (std::uint64_t{1} << static_cast<unsigned>(*bits)) - 1;
  const std::size_t digits = fmt::format("{:x}", last).size();
  return fmt::format("{}-{:0{}x}", text_in(succinct, "name_prefix"), number, digits);
}

bool is_top_level(std::string_view name) {
  constexpr std::array<std::string_view, 4> names{"root", "timestamp", "snapshot", "targets"};
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

delegation_answer roles_for(const tuf_file& targets, std::string_view path) {
  delegation_answer out;
  const json::value* delegations = json::find(targets.content(), "delegations");
  const json::value* keys = delegations == nullptr ? nullptr : json::find(*delegations, "keys");
  if (keys == nullptr) return out;
  const tuf_keys known = tuf_keys_in(*keys, tuf_coding::standard);
  const std::string text(path);
  const auto add = [&](std::string name, const json::value& row) {
    const auto role = tuf_role_in(row);
    if (role && !name.empty() && !is_top_level(name)) out.roles.push_back({std::move(name), *role, known});
  };
  if (const json::value* succinct = json::find(*delegations, "succinct_roles"); succinct != nullptr) {
    if (auto name = bin_of(*succinct, text)) add(std::move(*name), *succinct);
    return out;
  }
  for (const json::value* one : list_in(*delegations, "roles")) {
    if (!is_delegated(*one, text)) continue;
    add(std::string(text_in(*one, "name")), *one);
    out.is_last = json::find_bool(*one, "terminating").value_or(false);
    if (out.is_last) break;
  }
  return out;
}

}  // namespace pinhook::trust
