#include <pinhook/admission/handler.hpp>
#include <pinhook/admission/inquiry.hpp>

#include <array>
#include <utility>

namespace pinhook::admission {
namespace {

constexpr std::array<std::string_view, 5> outcome_names{"unchanged", "pinned", "denied", "audited", "bad_request"};

resolve::query query_of(const registry::reference& ref, bool past_cache,
                        const std::shared_ptr<registry::credential_source>& credentials) {
  return {ref, credentials, past_cache ? resolve::freshness::refreshed : resolve::freshness::cached};
}

}  // namespace

std::string_view to_string(outcome o) noexcept { return outcome_names[static_cast<std::size_t>(o)]; }

handler::handler(std::shared_ptr<resolve::resolver> resolver, std::shared_ptr<registry::credential_source> credentials,
                 pin::policy policy)
    : resolver_(std::move(resolver)),
      credentials_(std::move(credentials)),
      policy_(std::move(policy)),
      paths_(policy_.kinds) {}

awaitable<verdict> handler::handle(std::string_view body, pin::mode mode, deadline d) const {
  auto about = prepare(body, mode, policy_, paths_);
  if (!about) co_return refuse_request(about.error());
  std::vector<result<resolve::answer>> answers;
  if (!about->lookups.empty()) {
    std::vector<resolve::query> queries;
    queries.reserve(about->lookups.size());
    for (const lookup& l : about->lookups) queries.push_back(query_of(l.ref, l.past_cache, credentials_));
    answers = co_await resolver_->resolve(std::move(queries), d);
  }
  for (slot_work& w : about->work)
    if (w.decision.what == pin::decision::kind::keep)
      w.known = resolver_->known(query_of(*w.decision.ref, false, credentials_));
  co_return compose(*about, mode, policy_, answers);
}

}  // namespace pinhook::admission
