#include <pinhook/resolve/lookup_run.hpp>

#include <pinhook/registry/anonymous_identity.hpp>
#include <pinhook/registry/cloud_hosts.hpp>
#include <pinhook/registry/mirror_grants.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/resolve/mirror_absence.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <utility>

// Tenants are kept apart as follows. A key's identity is read before the flight; the credentials are
// fetched later, and may be others by then. So the identity is read again once they are there, and a flight whose
// credentials are not those of its key asks nothing: every waiter is placed again under the identity its own source has
// now. A request is therefore always sent with the credentials of the key that its answer is stored under, and a waiter
// that shares a key with another tenant never gets an answer that the tenant's newer secret obtained. A source of
// several parts is read part by part: the check is made again after each, over all credentials given so far.
//
// Mirrors are asked with the credentials of the process itself, as a node would ask them for anyone who may run a Pod
// on it: their answers may be stored under any tenant's key, and go to no key that did not ask for them. Where nodes
// show mirrors of a registries.conf the tenant's pull secrets (mirror_grants.hpp), those come first, and the key's
// identity is that of all of the tenant's secrets: the same check keeps such answers apart.

namespace pinhook::resolve {
namespace {

// Added to the dial time that an operator set for a mirror: the time for TLS and the answer.
constexpr std::chrono::nanoseconds after_dialling = std::chrono::seconds(2);

bool belongs_to(const flight& f, const std::vector<registry::credential>& given) {
  if (identity_of(f.query) == f.identity) return true;
  return given.size() == 1 && given.front().identity == f.identity;
}

std::vector<std::shared_ptr<registry::credential_source>> parts_of(
    const std::shared_ptr<registry::credential_source>& all) {
  if (!all) return {};
  const auto parts = all->parts();
  if (parts.empty()) return {all};
  return {parts.begin(), parts.end()};
}

// `cause`: why the places of the digest are not asked; null: there are none.
std::shared_ptr<const pull_trouble> unservable(const registry::route& by, const error* cause) {
  const std::string tags = fmt::format("{} {} serves tags alone", by.is_source ? "registry" : "mirror", by.host);
  error out{error_code::denied, {}, std::nullopt, remedy::configuration};
  if (cause != nullptr && cause->mended_by == remedy::in_message)
    out = {error_code::denied, fmt::format("{}, and {}", tags, cause->message), std::nullopt, remedy::in_message};
  else
    out.message = fmt::format(
        "{}, and no place may serve the digest: let a mirror do so (containerd: pull; registries.conf: "
        "pull-from-mirror; OpenShift: ImageDigestMirrorSet){}",
        tags, cause == nullptr ? std::string() : "; " + cause->message);
  return std::make_shared<const pull_trouble>(pull_trouble{std::move(out), true});
}

// A pull-through cache of Amazon ECR fetches an image when its tag is asked for, and not when its digest is
// (aws/containers-roadmap#2837, of 2026-07-18).
bool fills_by_tag_alone(const registry::route& place) { return registry::is_ecr_private(place.host); }

// True when both lead to the same repository of the same host.
bool is_same_place(const registry::route& a, const registry::route& b) {
  const auto base = [](const registry::route& one) { return one.base ? one.base->text() : std::string(); };
  const auto name = [](const registry::route& one) { return one.named ? one.named->repository() : std::string(); };
  return a.host == b.host && base(a) == base(b) && name(a) == name(b);
}

}  // namespace

std::optional<registry::reference> reference_at(const registry::route& mirror, const registry::reference& ref) {
  constexpr std::string_view api = "/v2";
  if (mirror.named) return mirror.named;
  std::string prefix(mirror.base ? mirror.base->path() : std::string_view());
  if (prefix.starts_with(api)) prefix.erase(0, api.size());
  if (prefix.ends_with(api)) prefix.erase(prefix.size() - api.size());
  const std::string suffix =
      ref.digest() ? fmt::format("@{}", ref.digest()->to_string()) : fmt::format(":{}", ref.effective_tag());
  auto out = registry::reference::parse(fmt::format("{}{}/{}{}", mirror.host, prefix, ref.repository(), suffix));
  if (!out || out->registry() != mirror.host) return std::nullopt;
  return std::move(*out);
}

std::string repository_at(const std::string& host, const registry::reference& ref) {
  return host == ref.registry() ? ref.repository() : fmt::format("{}/{}", ref.registry(), ref.repository());
}

awaitable<void> lookup_run::run() {
  const registry::reference& ref = f_->query.ref;
  std::vector<route> routes{nullptr};
  std::string routes_source;
  if (with_.options.routes) {
    registry::reference named = ref;
    const auto known = co_await with_.options.routes->routes_for(std::move(named), f_->limit);
    if (!known) {
      f_->outcome = f_->is_over_limit ? fail(error_code::timed_out, fmt::format("{} in time", describe(*f_)))
                                      : fail(known.error());
      co_return;
    }
    if ((*known)->trouble) failed_routes_.add("the configuration of its mirrors", *(*known)->trouble);
    routes = (*known)->in_order;
    routes_source = (*known)->source;
    std::erase_if(routes, [&](const route& one) { return !one->answers(ref); });
  }
  if (routes.empty()) {
    f_->outcome = fail({error_code::denied,
                        fmt::format("{} cannot be resolved: {} gives no host the capability {}", ref.canonical(),
                                    routes_source, ref.is_pinned() ? "pull" : "resolve"),
                        std::nullopt, remedy::configuration});
    co_return;
  }
  std::optional<error> verdict;
  mirror_absence absence(f_->query.document && with_.options.routes && with_.options.routes->are_mirrors_complete(ref));
  for (const route& by : routes) {
    if (by && by->is_source && absence.is_final()) {
      f_->outcome = fail(*absence.word());
      co_return;
    }
    question q = question_for(by, ref);
    auto got = co_await by_route(std::move(q));
    if (f_->has_moved) co_return;
    if (got) {
      f_->outcome = std::move(*got);
      co_await check_pull(by);
      co_return;
    }
    const bool is_mirror = by && !by->is_source;
    absence.take(got.error());
    const bool is_last_hope = is_mirror && routes.size() == 1;
    if (is_mirror && !is_last_hope)
      failed_routes_.add(fmt::format("mirror {}", by->host), got.error());
    else
      verdict = std::move(got.error());
    // No one is left to hear it, and the others would not be given the time.
    if (f_->is_over_limit) break;
  }
  const error none{error_code::unavailable, fmt::format("no mirror knows {}", ref.canonical()), std::nullopt};
  f_->outcome = fail(failed_routes_.added_to(std::move(verdict).value_or(none)));
}

// A node that asks the place which answered for the tag finds the digest there, be it after others.
awaitable<void> lookup_run::check_pull(route by) {
  const registry::reference& ref = f_->query.ref;
  if (with_.options.verify_pull == pull_order::off || !with_.options.routes || !by || ref.is_pinned()) co_return;
  found_ = *f_->outcome;
  auto pinned = registry::reference::parse(fmt::format("{}@{}", ref.written_name(), found_->to_string()));
  if (!pinned) co_return;
  registry::reference named = *pinned;
  const auto known = co_await with_.options.routes->routes_for(std::move(named), f_->limit);
  std::vector<route> places;
  // Blocked, every one of them; another error says nothing about the nodes.
  if (!known && known.error().code != error_code::denied) co_return;
  if (known) places = (*known)->in_order;
  std::erase_if(places, [&](const route& one) { return !one->answers(*pinned); });
  if (std::ranges::any_of(places, [&](const route& one) { return is_same_place(*one, *by); })) co_return;
  if (places.empty()) {
    take_pull(unservable(*by, known ? nullptr : &known.error()));
    co_return;
  }
  if (with_.pulls.is_good(ref.canonical(), f_->identity, *found_, with_.time.now())) co_return;
  const auto asked_at = f_->asked_at;
  auto trouble = co_await ask_for_pull(std::move(*pinned), std::move(places));
  f_->asked_at = asked_at;
  if (!f_->has_moved) take_pull(std::move(trouble));
}

// Null: one of the places has it.
awaitable<std::shared_ptr<const pull_trouble>> lookup_run::ask_for_pull(registry::reference pinned,
                                                                        std::vector<route> places) {
  skipped_sources failed;
  std::optional<error> last;
  std::string last_name;
  for (const route& place : places) {
    registry::reference asked = pinned;
    auto got = co_await ask_place(place, std::move(asked));
    if (!got && !f_->has_moved && fills_by_tag_alone(*place) && got.error().code == error_code::not_found) {
      registry::reference tag = f_->query.ref;
      const auto filled = co_await ask_place(place, std::move(tag));
      registry::reference again = pinned;
      if (filled && *filled == *found_) got = co_await ask_place(place, std::move(again));
    }
    if (got || f_->has_moved) co_return nullptr;
    if (last) failed.add(std::move(last_name), *last);
    last = std::move(got.error());
    last_name = fmt::format("{} {}", place->is_source ? "registry" : "mirror", place->host);
    if (f_->is_over_limit) break;
  }
  error reason = failed.added_to(std::move(*last)).at(fmt::format("nodes cannot pull {}", found_->shortened()));
  co_return std::make_shared<const pull_trouble>(pull_trouble{std::move(reason), false});
}

// The digest is known by now: those who wait for it lose no more time than by a mirror.
awaitable<result<registry::digest>> lookup_run::ask_place(route place, registry::reference ref) {
  question q = question_for(std::move(place), ref);
  q.limit = share(with_.options.mirror_limit, f_->limit);
  q.is_last = false;
  auto got = co_await by_route(std::move(q));
  co_return got;
}

void lookup_run::take_pull(std::shared_ptr<const pull_trouble> trouble) {
  const bool is_error = trouble && !trouble->is_unservable && with_.options.verify_pull == pull_order::enforce;
  if (is_error) f_->outcome = fail(trouble->reason);
  with_.pulls.put(f_->query.ref.canonical(), f_->identity, *found_, std::move(trouble), with_.time.now());
}

lookup_run::question lookup_run::question_for(route by, const registry::reference& ref) const {
  if (!by || by->is_upstream) {
    const bool is_last = !by || by->is_source;
    return {std::move(by), ref.registry(), f_->query.credentials, ref, ref, f_->limit, true, is_last};
  }
  auto named = reference_at(*by, ref);
  const source of_process = named ? with_.options.mirror_credentials : nullptr;
  // Only a place of a registries.conf has a name of its own for the image.
  const bool may_be_granted = by->named && !by->is_source;
  const source own = may_be_granted ? registry::for_mirror(f_->query.credentials, of_process, ref) : of_process;
  const bool is_tenants = own != of_process;
  registry::reference there = named ? *named : ref;
  const std::string host = by->host;
  if (by->is_source) return {std::move(by), host, own, std::move(there), ref, f_->limit, false, true};
  std::chrono::nanoseconds most = with_.options.mirror_limit;
  if (by->dial_timeout) most = std::min(most, *by->dial_timeout + after_dialling);
  return {std::move(by), host, own, std::move(there), ref, share(most, f_->limit), is_tenants, false};
}

awaitable<result<registry::digest>> lookup_run::by_route(question q) {
  question first = q;
  auto got = co_await ask(std::move(first));
  if (got || f_->has_moved || got.error().code != error_code::unauthorized) co_return got;
  // A helper's cached answer may have expired meanwhile: once more, with a new one.
  if (!q.credentials || !q.credentials->forget(q.named)) co_return got;
  question again = q;
  auto then = co_await ask(std::move(again));
  co_return then;
}

awaitable<result<registry::digest>> lookup_run::ask(question q) {
  f_->asking = fmt::format("{} {}", !q.by || q.by->is_source ? "registry" : "mirror", q.host);
  sources_.clear();
  // Credentials for a mirror that rests would be fetched for nothing: it is skipped.
  const errand on{repository_at(q.host, f_->query.ref), registry::anonymous_identity(), {f_->query.owner}};
  if (!q.is_last && with_.gate.look(q.host, on).now == host_health::state::resting)
    co_return fail(with_.gate.refusal(q.host, on));
  auto got = co_await ask_each_source(std::move(q));
  co_return got;
}

awaitable<result<registry::digest>> lookup_run::ask_each_source(question q) {
  credential_chain chain(with_.options.most_credentials);
  std::vector<registry::credential> given;
  const auto parts = parts_of(q.credentials);
  for (const source& one : parts) {
    f_->at = flight::stage::credentials;
    registry::reference named = q.named;
    const deadline soon = share(with_.options.source_limit, q.limit);
    auto some = co_await one->credentials_for(std::move(named), soon);
    if (some) given.insert(given.end(), some->begin(), some->end());
    if (q.shows_tenants && !belongs_to(*f_, given)) {
      f_->has_moved = true;
      co_return fail(error_code::internal, "the credentials are others by now");
    }
    if (!some) {
      note_source(*one, q.named, std::move(some.error()));
      continue;
    }
    chain.offer(std::move(*some));
    question now = q;
    auto found = co_await ask_with_offered(std::move(now), chain);
    if (found) co_return std::move(*found);
    if (!chain.wants_more()) break;
  }
  if (given.empty()) {
    chain.offer_anonymous();
    question now = q;
    auto found = co_await ask_with_offered(std::move(now), chain);
    if (found) co_return std::move(*found);
  }
  co_return fail(sources_.added_to(chain.verdict()));
}

// Asks with the credentials that the chain was offered and has not tried; the answer, or nothing and the chain has the
// errors.
awaitable<std::optional<registry::digest>> lookup_run::ask_with_offered(question q, credential_chain& chain) {
  while (const registry::credential* credential = chain.next()) {
    question now = q;
    registry::credential shown = *credential;
    auto got = co_await ask_once(std::move(now), std::move(shown));
    if (got) co_return std::move(*got);
    if (!may_ask_again(q, *credential, got.error())) chain.failed(std::move(got.error()));
  }
  co_return std::nullopt;
}

host_gate::visit lookup_run::visit_for(const question& q, const registry::credential& credential) const {
  host_gate::visit out;
  out.number = f_->number;
  out.host = q.host;
  out.repository = repository_at(q.host, f_->query.ref);
  out.credential = credential.identity;
  out.beginner = f_->query.owner;
  out.claims = claims_of(*f_);
  out.limit = q.limit;
  // Another route, where there is one, is taken instead.
  if (q.is_last)
    out.waits_out = [this](steady_time until, const error& refusal) {
      return !f_->is_over_limit && with_.waits_out(*f_, until, refusal);
    };
  return out;
}

awaitable<result<registry::digest>> lookup_run::ask_once(question q, registry::credential credential) {
  f_->at = flight::stage::line;
  host_gate::visit visit = visit_for(q, credential);
  auto entered = co_await with_.gate.enter(std::move(visit));
  if (!entered) co_return fail(std::move(entered.error()));
  f_->at = flight::stage::registry;
  f_->asked_at = with_.time.now();
  std::exception_ptr thrown;
  try {
    question now = q;
    auto reply = co_await request(std::move(now), std::move(credential));
    if (reply) {
      entered->settle(nullptr);
      co_return std::move(*reply);
    }
    if (reply.error().code != error_code::canceled || !f_->is_over_limit) {
      entered->settle(&reply.error());
      co_return fail(std::move(reply.error()));
    }
  } catch (...) {
    // Cancellation arrives as an exception too.
    thrown = std::current_exception();
  }
  error late{error_code::timed_out, fmt::format("{} in time", describe(*f_)), std::nullopt};
  if (f_->is_over_limit) entered->settle(&late);
  if (thrown) std::rethrow_exception(thrown);
  co_return fail(std::move(late));
}

// The digest of the tag; of a query for a document the image's, and the flight has the document.
awaitable<result<registry::digest>> lookup_run::request(question q, registry::credential credential) {
  registry::reference ref = q.ref;
  if (!f_->query.document) {
    auto reply = co_await with_.client.resolve_by(q.by, std::move(ref), std::move(credential), q.limit);
    if (!reply) co_return fail(std::move(reply.error()));
    co_return std::move(reply->digest);
  }
  if (!ref.is_pinned()) co_return fail(error_code::internal, "a document of an image without a digest is asked for");
  registry::document_name name = *f_->query.document;
  auto reply = co_await with_.client.read_by(q.by, std::move(ref), std::move(name), std::move(credential), q.limit);
  if (!reply) co_return fail(std::move(reply.error()));
  f_->document = std::make_shared<const registry::document>(std::move(*reply));
  co_return *f_->query.ref.digest();
}

// After a rate limit, or trouble with a Retry-After, a waiter that has the time asks again then; the gate makes it
// wait.
bool lookup_run::may_ask_again(const question& q, const registry::credential& credential, const error& after) const {
  if (!q.is_last || f_->is_over_limit || f_->at != flight::stage::registry) return false;
  if (after.code != error_code::rate_limited && !(after.code == error_code::unavailable && after.retry_after))
    return false;
  const errand on{repository_at(q.host, f_->query.ref), credential.identity, {f_->query.owner}};
  const auto is = with_.gate.look(q.host, on);
  if (is.now != host_health::state::resting || is.until >= q.limit.time()) return false;
  return with_.waits_out(*f_, is.until, after);
}

// At most a third of the time left to the waiter with the least patience, so that three that hang leave time for the
// answer.
deadline lookup_run::share(std::chrono::nanoseconds most, deadline within) const {
  constexpr int parts = 3;
  const steady_time now = with_.time.now();
  deadline patience = within;
  for (const flight_waiter& w : f_->waiters) patience = sooner(patience, limit_of(w));
  if (patience.has_passed(now)) patience = within;
  const std::chrono::nanoseconds third = patience.remaining(now) / parts;
  return sooner(within, deadline::after(now, std::min(most, third)));
}

void lookup_run::note_source(const registry::credential_source& which, const registry::reference& named,
                             error failure) {
  const auto known = which.matches(named);
  const std::string name = known.empty() ? "a source of credentials" : known.front().source;
  // Most sources begin their messages with their names.
  if (!known.empty() && failure.message.starts_with(name + ": ")) failure.message.erase(0, name.size() + 2);
  sources_.add(fmt::format("{} could not be asked", name), failure);
}

}  // namespace pinhook::resolve
