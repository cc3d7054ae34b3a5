#include <pinhook/registry/mirror_grants.hpp>

#include <pinhook/base/secret.hpp>
#include <pinhook/registry/ordered_credentials.hpp>

#include <algorithm>
#include <utility>

namespace pinhook::registry {
namespace {

std::string identity_of_all(const std::vector<pull_entry>& entries) {
  std::string all;
  for (const pull_entry& one : entries) all += one.credential.identity + '\n';
  return keyed_hash(all);
}

}  // namespace

void mirror_grants::use(std::vector<image_pattern> patterns) {
  patterns_.store(std::make_shared<const std::vector<image_pattern>>(std::move(patterns)));
  changes_.fetch_add(1, std::memory_order_release);
}

bool mirror_grants::covers(const reference& ref) const {
  const auto all = patterns_.load();
  return all && std::ranges::any_of(*all, [&](const image_pattern& one) { return one.matches(ref); });
}

granted_credentials::granted_credentials(std::shared_ptr<credential_source> inner, std::vector<pull_entry> entries,
                                         std::shared_ptr<const mirror_grants> grants)
    : inner_(std::move(inner)),
      identity_(identity_of_all(entries)),
      keyring_(std::make_shared<keyring_credentials>(pull_keyring(std::move(entries)))),
      grants_(std::move(grants)) {}

std::string granted_credentials::identity_for(const reference& ref) const {
  std::string out = inner_->identity_for(ref);
  if (grants_->covers(ref)) out.append("\nmirrors ").append(identity_);
  return out;
}

std::optional<std::uint64_t> granted_credentials::changes() const {
  const auto of_inner = inner_->changes();
  if (!of_inner) return std::nullopt;
  return *of_inner + grants_->changes();
}

awaitable<result<std::vector<credential>>> granted_credentials::credentials_for(reference ref, deadline d) {
  auto got = co_await inner_->credentials_for(std::move(ref), d);
  co_return got;
}

std::shared_ptr<credential_source> granted_credentials::for_mirrors_of(const reference& ref) const {
  return grants_->covers(ref) ? keyring_ : nullptr;
}

std::shared_ptr<credential_source> for_mirror(const std::shared_ptr<credential_source>& of_tenant,
                                              std::shared_ptr<credential_source> own, const reference& ref) {
  const auto* tenant = dynamic_cast<const granted_credentials*>(of_tenant.get());
  const auto granted = tenant == nullptr ? nullptr : tenant->for_mirrors_of(ref);
  if (!granted) return own;
  std::vector<std::shared_ptr<credential_source>> parts{granted};
  if (own) parts.push_back(std::move(own));
  return std::make_shared<ordered_credentials>(std::move(parts));
}

}  // namespace pinhook::registry
