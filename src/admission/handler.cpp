#include <pinhook/admission/handler.hpp>

#include <pinhook/admission/cooldowns.hpp>
#include <pinhook/admission/failure.hpp>
#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/lookup_allowance.hpp>
#include <pinhook/admission/proof_checks.hpp>
#include <pinhook/admission/vouched_slots.hpp>
#include <pinhook/base/thread_crossing.hpp>
#include <pinhook/rules/judge.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

namespace pinhook::admission {
namespace {

using source = std::shared_ptr<registry::credential_source>;
using tenant_credentials = std::shared_ptr<registry::tenant_credentials>;

constexpr std::array<std::string_view, 6> outcome_names{"unchanged", "kept",    "pinned",
                                                        "denied",    "audited", "bad_request"};

resolve::query query_of(const registry::reference& ref, bool past_cache, const source& credentials) {
  return {ref, credentials, past_cache ? resolve::freshness::refreshed : resolve::freshness::cached};
}

error given_up() { return {error_code::canceled, "the request was given up", std::nullopt}; }

// The errors of compute_thread::run_by for work that was not begun. `prepare` has no such errors.
bool is_turn_missed(const error& e) { return e.code == error_code::timed_out || e.code == error_code::unavailable; }

// The sources of several tenants, as they arrive. Shared by the fetches and their waiter, which may leave earlier.
struct gathering {
  std::vector<source> found;
  std::size_t left = 0;
};

awaitable<void> find_source(tenant_credentials from, registry::tenant tenant, std::shared_ptr<gathering> all,
                            std::size_t i, deadline d) {
  all->found[i] = co_await from->credentials_of(std::move(tenant), d);
}

// Fetches all at the same time; null where the wait was canceled.
awaitable<std::vector<source>> find_sources(tenant_credentials from, std::vector<registry::tenant> tenants,
                                            deadline d) {
  const auto all = std::make_shared<gathering>();
  all->found.resize(tenants.size());
  if (tenants.size() == 1) {
    all->found.front() = co_await from->credentials_of(std::move(tenants.front()), d);
    co_return std::move(all->found);
  }
  asio::any_io_executor home = co_await asio::this_coro::executor;
  thread_crossing crossing(home);
  const auto done = crossing.arrival();
  all->left = tenants.size();
  for (std::size_t i = 0; i < tenants.size(); ++i)
    asio::co_spawn(home, find_source(from, std::move(tenants[i]), all, i, d), [all, done](const std::exception_ptr&) {
      if (--all->left == 0) done();
    });
  co_await crossing.wait();
  co_return all->found;
}

// A look-up that is passed to the resolver.
struct asked_lookup {
  std::size_t position;
  /// It is counted by the caller's allowance.
  bool counts;
};

template <class Answer>
bool found_nothing(const result<Answer>& got) {
  return !got && is_unknown(got.error());
}

// The indices of the tenants whose images are looked up or verified, each once.
std::vector<std::size_t> asking_tenants(const inquiry& about) {
  std::vector<std::size_t> out;
  std::vector<bool> is_in(about.tenants.size());
  const auto add = [&](std::size_t tenant) {
    if (!is_in[tenant]) out.push_back(tenant);
    is_in[tenant] = true;
  };
  for (const lookup& l : about.lookups) add(l.tenant);
  for (const judged_slot& j : about.judged)
    if (j.proof_tenant != no_tenant && !j.is_unchanged) add(j.proof_tenant);
  return out;
}

void refuse(proof_check& check, const error& with) {
  for (const rules::proof_question& q : check.questions) check.answers.emplace(q, fail(with));
}

proof_query query_of(const proof_check& check, const source& credentials, const std::string& owner) {
  return {check.image, credentials, check.questions, owner};
}

}  // namespace

std::string_view to_string(outcome o) noexcept { return outcome_names[static_cast<std::size_t>(o)]; }

handler::handler(std::shared_ptr<resolve::resolver> resolver, std::shared_ptr<registry::tenant_credentials> tenants,
                 std::shared_ptr<const rulebook> book, compute_thread* large, std::shared_ptr<proof_source> signatures,
                 const clock& time)
    : resolver_(std::move(resolver)),
      tenants_(std::move(tenants)),
      signatures_(std::move(signatures)),
      book_(std::move(book)),
      time_(time),
      large_(large) {}

void handler::use(std::shared_ptr<const rulebook> book) { book_.store(std::move(book)); }
void handler::use(std::shared_ptr<const resolve::tag_moves> moves) { moves_.store(std::move(moves)); }

awaitable<verdict> handler::handle(std::string_view body, pin::mode mode, deadline d, lookup_allowance* allowed) const {
  const auto book = book_.load();
  const bool is_long = large_ != nullptr && body.size() > max_small_body;
  const std::size_t most = large_ != nullptr ? max_small_images : pin::max_slots;
  std::optional<decoded_review> decoded;
  const auto prepare_here = [&]() -> result<inquiry> {
    decoded_review read{.most = large_ != nullptr ? max_read_images : pin::max_slots};
    if (auto done = decode(body, *book, read); !done) return fail(std::move(done.error()));
    auto out = prepare(read, mode, *book, most);
    if (!out && out.error().code == error_code::unsupported) decoded = std::move(read);
    return out;
  };
  result<inquiry> about = is_long ? fail(given_up()) : prepare_here();
  const bool is_large = is_long || decoded;
  if (is_large) {
    std::optional<review> head = read_review_head(body);
    std::string account = head ? head->ns : std::string();
    std::function<result<inquiry>()> plan = [&] {
      return decoded ? prepare(*decoded, mode, *book) : prepare(body, mode, *book);
    };
    about = co_await prepare_aside(std::move(account), std::move(plan), d);
    if (!about && head && is_turn_missed(about.error()))
      co_return refuse_unread(*std::move(head), mode, *book, std::move(about.error()));
  }
  if (!about) co_return refuse_request(about.error());
  about->moves = moves_.load();
  std::vector<result<resolve::answer>> answers;
  std::vector<source> sources(about->tenants.size());
  const bool is_accepted = are_all_kept(*about, *book, sources);
  if (auto asking = is_accepted ? std::vector<std::size_t>() : asking_tenants(*about); !asking.empty()) {
    std::erase_if(asking, [&](std::size_t t) { return exceeds(allowed, about->tenants[t]); });
    std::vector<registry::tenant> tenants;
    tenants.reserve(asking.size());
    for (const std::size_t t : asking) tenants.push_back(about->tenants[t]);
    std::vector<source> found;
    if (!tenants.empty()) found = co_await find_sources(tenants_, std::move(tenants), d);
    for (std::size_t i = 0; i < asking.size(); ++i) sources[asking[i]] = std::move(found[i]);
    for (const registry::tenant& t : about->tenants)
      about->reads_pull_secrets.push_back(tenants_->reads_pull_secrets(t));
    answers = co_await look_up(*about, sources, d, allowed);
    if (has_cooldowns(*about)) co_await look_up_before(*about, *book, sources, d, allowed, answers);
  }
  if (asks_verifiers(*about) && !is_accepted) {
    const std::uint64_t by = signatures_ ? signatures_->generation() : 0;
    const steady_time now = time_.now();
    if (take_vouched(*about, *book, answers, by, now) && take_kept(*about, *book, sources, by, now)) {
      co_await check_proofs(*about, *book, sources, d, allowed, answers, is_large);
      if (!is_large) vouch(*about, *book, sources, answers, by);
    }
  }
  for (slot_work& w : about->work) {
    if (w.decision.action != pin::decision::kind::keep) continue;
    source& from = sources[w.tenant];
    if (!from) from = tenants_->held(about->tenants[w.tenant]);
    if (from) w.known = resolver_->known(query_of(*w.decision.ref, false, from));
  }
  for (judged_slot& j : about->judged) {
    if (j.tenant == no_tenant) continue;
    source& from = sources[j.tenant];
    if (!from) from = tenants_->held(about->tenants[j.tenant]);
    if (from) j.known = resolver_->known(query_of(j.ref, false, from));
  }
  if (!is_large) co_return compose(*about, mode, *book, answers);
  verdict made = co_await compose_aside(std::move(*about), mode, *book, std::move(answers));
  co_return made;
}

awaitable<result<inquiry>> handler::prepare_aside(std::string account, std::function<result<inquiry>()> plan,
                                                  deadline d) const {
  result<inquiry> out = fail(given_up());
  std::function<void()> work = [&] { out = plan(); };
  auto done = co_await large_->run_by(std::move(account), std::move(work), d);
  if (!done) co_return fail(std::move(done.error()));
  co_return out;
}

// The deadline does not apply: where look-ups took all the time, the verdict made here reports that.
awaitable<verdict> handler::compose_aside(inquiry about, pin::mode mode, const rulebook& book,
                                          std::vector<result<resolve::answer>> answers) const {
  std::optional<verdict> out;
  std::string account = about.request.ns;
  // The inquiry and the answers are destroyed on that thread, too: destroying a thousand images takes time.
  std::function<void()> work = [&, mine = std::make_shared<inquiry>(std::move(about)), got = std::move(answers)] {
    out = compose(*mine, mode, book, got);
  };
  co_await large_->run(std::move(account), std::move(work));
  if (!out) out = refuse_request(given_up());
  co_return *std::move(out);
}

bool handler::exceeds(lookup_allowance* allowed, const registry::tenant& owner) const {
  if (allowed == nullptr || !tenants_->reads_pull_secrets(owner) || tenants_->held(owner)) return false;
  if (!allowed->begin(owner.ns)) return true;
  allowed->end(owner.ns, false);
  return false;
}

// The digests before of the tags whose newest ones wait. Held answers cost nothing, as those for tags do.
awaitable<void> handler::look_up_before(inquiry& about, const rulebook& book, const std::vector<source>& sources,
                                        deadline d, lookup_allowance* allowed,
                                        std::vector<result<resolve::answer>>& answers) const {
  const std::size_t first = about.lookups.size();
  hold_back(about, book, answers, time_.wall());
  if (about.lookups.size() == first) co_return;
  auto more = co_await look_up(about, sources, d, allowed, first);
  std::ranges::move(more, std::back_inserter(answers));
}

// One answer for each of the look-ups from `first` on.
awaitable<std::vector<result<resolve::answer>>> handler::look_up(const inquiry& about,
                                                                 const std::vector<source>& sources, deadline d,
                                                                 lookup_allowance* allowed, std::size_t first) const {
  const std::size_t size = about.lookups.size() - first;
  // Each gets a result below.
  std::vector<result<resolve::answer>> out(size, fail(error_code::canceled, ""));
  std::vector<resolve::query> queries;
  std::vector<asked_lookup> asked;
  queries.reserve(size);
  asked.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    const lookup& l = about.lookups[first + i];
    // The source of a tenant whose secrets must not be read is not there; nor is any where the wait was canceled.
    if (!sources[l.tenant]) {
      out[i] = fail(allowed != nullptr ? allowed->refusal() : given_up());
      continue;
    }
    resolve::query q = query_of(l.ref, l.past_cache, sources[l.tenant]);
    const bool counts = allowed != nullptr && about.reads_pull_secrets[l.tenant] && !resolver_->is_held(q);
    if (counts && !allowed->begin(about.request.ns)) {
      out[i] = fail(allowed->refusal());
      continue;
    }
    q.owner = about.request.ns;
    queries.push_back(std::move(q));
    asked.push_back({i, counts});
  }
  if (queries.empty()) co_return out;
  auto answers = co_await resolver_->resolve(std::move(queries), d);
  for (std::size_t n = 0; n < asked.size(); ++n) {
    result<resolve::answer>& got = answers[n];
    if (asked[n].counts) allowed->end(about.request.ns, found_nothing(got));
    const std::size_t at = asked[n].position;
    out[at] = got ? std::move(got)
                  : fail(with_troubles(std::move(got.error()), sources[about.lookups[first + at].tenant]->troubles()));
  }
  co_return out;
}

awaitable<void> handler::check_proofs(inquiry& about, const rulebook& book, std::vector<source>& sources, deadline d,
                                      lookup_allowance* allowed, std::vector<result<resolve::answer>>& answers,
                                      bool is_large) const {
  // Twice where the digest that was signed for a tag took the place of the registry's.
  for (bool is_listed = false; !is_listed;) {
    std::function<void()> list = [&] { list_checks(about, book, answers); };
    if (is_large)
      co_await large_->run(about.request.ns, std::move(list));
    else
      list();
    co_await verify(about, sources, d, allowed);
    is_listed = !about.signed_tags.empty() || !take_signed_tags(about, book, answers);
  }
}

// True when nothing is looked up, and all images are known to be accepted for the credentials that are held: so it is
// in most admissions under a rule on signatures, those of Pods of pinned templates.
bool handler::are_all_kept(inquiry& about, const rulebook& book, std::vector<source>& sources) const {
  if (!signatures_ || !about.lookups.empty() || !asks_verifiers(about)) return false;
  const std::uint64_t by = signatures_->generation();
  for (const judged_slot& j : about.judged) {
    if (j.proof_tenant == no_tenant || sources[j.proof_tenant]) continue;
    const registry::tenant& owner = about.tenants[j.proof_tenant];
    sources[j.proof_tenant] = j.is_unchanged ? tenants_->held(owner) : tenants_->held_in_use(owner);
    if (!sources[j.proof_tenant]) return false;
  }
  const steady_time now = time_.now();
  slot_group group;
  const bool is_group = by != 0 && find_group(about, book, by, group);
  const auto changes = is_group ? sources[group.tenant]->changes() : std::nullopt;
  if (!changes) return !take_kept(about, book, sources, by, now);
  const image_group all{{group.images.data(), group.images.size()}, {sources[group.tenant]->id(), *changes}};
  if (signatures_->kept(all, about.request.ns).is_for(group.key, now)) {
    for (judged_slot& j : about.judged) j.is_vouched = j.proof_tenant != no_tenant;
    return true;
  }
  steady_time until = steady_time::max();
  if (take_kept(about, book, sources, by, now, &until)) return false;
  signatures_->keep(all, about.request.ns, {group.key, until});
  return true;
}

// As take_vouched, for the images that are written by their digests. `until`: becomes the earliest end of what was
// found.
bool handler::take_kept(inquiry& about, const rulebook& book, const std::vector<source>& sources, std::uint64_t by,
                        steady_time now, steady_time* until) const {
  bool some_are_left = false;
  for (judged_slot& j : about.judged) {
    if (j.proof_tenant == no_tenant || j.is_vouched) continue;
    const source& from = sources[j.proof_tenant];
    if (by != 0 && from && runs_as_written(about, j)) {
      const resolve::vouch found = signatures_->kept(j.ref, *from, about.request.ns);
      j.is_vouched = found.is_for(vouch_key(book, j, by), now);
      if (until != nullptr) *until = std::min(*until, found.until);
    }
    some_are_left |= !j.is_vouched;
  }
  return some_are_left;
}

// Marks the slots whose demands are met, and keeps that for later requests. `by`: as read before the verifiers were
// asked.
void handler::vouch(inquiry& about, const rulebook& book, const std::vector<source>& sources,
                    const std::vector<result<resolve::answer>>& answers, std::uint64_t by) const {
  for (judged_slot& j : about.judged) {
    if (j.check == no_check) continue;
    const proof_check& check = about.checks[j.check];
    j.is_vouched = rules::meets_demands(book.rules, j.effects, check.answers);
    const source& from = sources[check.tenant];
    if (!j.is_vouched || by == 0 || !from) continue;
    const auto until = signatures_->held_until(query_of(check, from, about.request.ns));
    if (!until) continue;
    const resolve::vouch found{vouch_key(book, j, by), *until};
    if (runs_as_written(about, j)) signatures_->keep({j.ref, from, {}, about.request.ns}, found);
    if (!can_vouch(about, j, answers)) continue;
    const std::size_t at = about.work[j.slot].lookup;
    const lookup& l = about.lookups[at];
    // What is held beside the digest is handed out by the tag's identity.
    if (l.tenant == check.tenant && from->identity_for(check.image) == from->identity_for(l.ref))
      resolver_->keep(query_of(l.ref, false, from), answers[at]->digest, found);
  }
}

// Fills the answers of the checks.
awaitable<void> handler::verify(inquiry& about, std::vector<source>& sources, deadline d,
                                lookup_allowance* allowed) const {
  std::vector<proof_query> queries;
  std::vector<asked_lookup> asked;
  for (std::size_t i = 0; i < about.checks.size(); ++i) {
    proof_check& check = about.checks[i];
    source& from = sources[check.tenant];
    if (!from) from = tenants_->held(about.tenants[check.tenant]);
    if (!signatures_ || !check.answers.empty()) continue;
    if (!from) {
      if (allowed != nullptr && !check.is_known_only) refuse(check, allowed->refusal());
      continue;
    }
    proof_query query = query_of(check, from, about.request.ns);
    if (check.is_known_only) {
      check.answers = signatures_->known(query);
      continue;
    }
    const bool counts = allowed != nullptr && about.reads_pull_secrets[check.tenant] &&
                        signatures_->known(query).size() < check.questions.size();
    if (counts && !allowed->begin(about.request.ns)) {
      refuse(check, allowed->refusal());
      continue;
    }
    queries.push_back(std::move(query));
    asked.push_back({i, counts});
  }
  if (queries.empty()) co_return;
  auto found = co_await signatures_->prove(std::move(queries), d);
  for (std::size_t i = 0; i < asked.size() && i < found.size(); ++i) {
    proof_check& check = about.checks[asked[i].position];
    check.answers = std::move(found[i]);
    if (asked[i].counts)
      allowed->end(about.request.ns,
                   std::ranges::any_of(check.answers, [](const auto& one) { return found_nothing(one.second); }));
    if (std::ranges::all_of(check.answers, [](const auto& one) { return one.second.has_value(); })) continue;
    const std::vector<error> troubles = sources[check.tenant]->troubles();
    for (auto& [question, answer] : check.answers)
      if (!answer) answer = fail(with_troubles(std::move(answer.error()), troubles));
  }
}

}  // namespace pinhook::admission
