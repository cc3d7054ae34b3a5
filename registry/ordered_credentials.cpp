#include <pinhook/registry/ordered_credentials.hpp>

#include <pinhook/registry/anonymous_identity.hpp>

#include <optional>
#include <utility>

namespace pinhook::registry {

std::string ordered_credentials::identity_for(const reference& ref) const {
  const std::string& anonymous = anonymous_identity();
  std::string joined;
  std::size_t known = 0;
  for (const auto& part : parts_) {
    if (!part->may_apply_to(ref)) continue;
    std::string one = part->identity_for(ref);
    if (one == anonymous) continue;
    if (++known == 1) {
      joined = std::move(one);
      continue;
    }
    joined += '\n';
    joined += one;
  }
  if (known == 0) return anonymous;
  return known == 1 ? joined : keyed_hash(joined);
}

std::optional<std::uint64_t> ordered_credentials::changes() const {
  std::uint64_t out = 0;
  for (const auto& part : parts_) {
    const auto some = part->changes();
    if (!some) return std::nullopt;
    out += *some;
  }
  return out;
}

awaitable<result<std::vector<credential>>> ordered_credentials::credentials_for(reference ref, deadline d) {
  std::vector<credential> out;
  std::optional<error> first;
  for (const auto& part : parts_) {
    reference copy = ref;
    auto some = co_await part->credentials_for(std::move(copy), d);
    if (some)
      out.insert(out.end(), std::make_move_iterator(some->begin()), std::make_move_iterator(some->end()));
    else if (!first)
      first = std::move(some.error());
  }
  if (out.empty() && first) co_return fail(std::move(*first));
  co_return out;
}

bool ordered_credentials::forget(const reference& ref) {
  bool any = false;
  for (const auto& part : parts_) any = part->forget(ref) || any;
  return any;
}

std::vector<credential_match> ordered_credentials::matches(const reference& ref) const {
  std::vector<credential_match> out;
  for (const auto& part : parts_) {
    auto some = part->matches(ref);
    out.insert(out.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  return out;
}

std::vector<error> ordered_credentials::troubles() const {
  std::vector<error> out;
  for (const auto& part : parts_) {
    auto some = part->troubles();
    out.insert(out.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  return out;
}

}  // namespace pinhook::registry
