#include <pinhook/proofs/proof_resolver.hpp>

#include <pinhook/base/thread_crossing.hpp>
#include <pinhook/proofs/proof_words.hpp>
#include <pinhook/registry/anonymous_identity.hpp>
#include <pinhook/resolve/digest_cache.hpp>
#include <pinhook/signatures/content_trust_source.hpp>
#include <pinhook/signatures/image_verdict.hpp>
#include <pinhook/signatures/verify_image.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace pinhook::proofs {
namespace {

using admission::proof_query;
using rules::proof_question;
using signatures::find_verifier;
using signatures::verifier;
using held_verifiers = std::shared_ptr<const verifier_list>;
using answers = std::shared_ptr<const rules::proofs>;

// Credentials that change between every two reads of their identity are refused after this many.
constexpr int most_moves = 3;

std::string identity_of(const proof_query& q) {
  return q.credentials ? q.credentials->identity_for(q.image) : registry::anonymous_identity();
}

// In place of an identity: the same credentials have the same ones. No text of an image ends as those of a group do.
std::string_view identity_of(const admission::image_group& all) {
  return {reinterpret_cast<const char*>(all.credentials.data()), sizeof all.credentials};
}

// No part but the last holds a line break. Signatures are about a digest; content trust signs tags.
std::string key_of(const proof_query& q, const proof_question& asked, const verifier& by, std::string_view identity) {
  const std::string_view tag = by.is_content_trust() ? std::string_view(q.image.tag()) : std::string_view();
  constexpr std::size_t breaks = 4;
  std::string out;
  out.reserve(q.image.canonical().size() + tag.size() + by.content.size() + asked.type.size() + identity.size() +
              breaks);
  out.append(q.image.canonical()).append(1, '\n').append(tag).append(1, '\n');
  out.append(by.content).append(1, '\n').append(asked.type);
  for (const auto& [pointer, value] : asked.fields)
    fmt::format_to(std::back_inserter(out), "\n{}:{}{}:{}", pointer.size(), pointer, value.size(), value);
  out.append(1, '\n').append(identity);
  return out;
}

error unknown_verifier(const std::string& name) {
  return {error_code::unavailable, fmt::format("verifier {} is not loaded", name), std::nullopt};
}

error busy(std::size_t most) {
  return {error_code::unavailable,
          fmt::format("its signatures are not looked up now: {} look-ups of signatures are under way; try again", most),
          std::nullopt};
}

error not_looked_up(error cause) {
  cause.message = fmt::format("its signatures cannot be looked up: {}", cause.message);
  return cause;
}

std::string repository_of(const proof_query& q) {
  return fmt::format("{}/{}", q.image.registry(), q.image.repository());
}

void fill(rules::proofs& into, const std::vector<proof_question>& questions, const error& with) {
  for (const proof_question& q : questions) into.emplace(q, fail(with));
}

// The questions of a query that one reading of documents answers.
struct wanted {
  proof_query about;
  std::string identity;
  held_verifiers verifiers;
};

// The queries of one request, on the look-up thread.
struct batch {
  struct part {
    wanted asked;
    /// Index in the request.
    std::size_t place = 0;
    rules::proofs found = {};
  };
  std::vector<part> parts;
  deadline limit = deadline::never();
  std::size_t next = 0;
  std::size_t workers = 0;
  std::function<void()> done;
};

}  // namespace

std::string_view to_string(proof_outcome o) noexcept {
  constexpr std::array<std::string_view, 3> names{"accepted", "refused", "failed"};
  return names[static_cast<std::size_t>(o)];
}

// Shared by the look-ups, which may outlive their callers.
struct proof_resolver::state : std::enable_shared_from_this<state> {
  using flights_type = fetch_cache<answers>;

  state(asio::any_io_executor lookups, std::shared_ptr<resolve::resolver> r, compute_thread& j, const clock& t,
        proof_observer* w, proof_options o)
      : on(std::move(lookups)),
        reads(std::move(r)),
        judging(j),
        time(t),
        watch(w),
        options(std::move(o)),
        held(options.cache),
        vouched({.capacity = options.cache.capacity, .ttl = options.cache.accepted_for}),
        // Nothing is held there: its answers are those of look-ups under way.
        flights(on, t, {.fetch_limit = options.limit, .hold_failure = std::chrono::nanoseconds(0), .capacity = 1}) {}

  // Fills the answers that are held, and takes their questions from `q`.
  void take_held(proof_query& q, const verifier_list& by_name, std::string_view identity, rules::proofs& into) {
    const steady_time now = time.now();
    std::erase_if(q.questions, [&](const proof_question& one) {
      const verifier* by = find_verifier(by_name, one.verifier);
      if (by == nullptr) return into.emplace(one, fail(unknown_verifier(one.verifier))).second;
      auto known = held.find(key_of(q, one, *by, identity), now);
      if (!known) return false;
      into.emplace(one, *std::move(known));
      return true;
    });
  }

  void take(const std::shared_ptr<batch>& b) {
    b->workers = std::min(b->parts.size(), options.most_of_request);
    for (std::size_t i = b->workers; i > 0; --i)
      asio::co_spawn(on, work(shared_from_this(), b), [b](const std::exception_ptr&) {
        if (--b->workers == 0) b->done();
      });
  }

  static awaitable<void> work(std::shared_ptr<state> self, std::shared_ptr<batch> b) {
    while (b->next < b->parts.size()) {
      batch::part& mine = b->parts[b->next++];
      if (b->limit.has_passed(self->time.now())) {
        fill(mine.found, mine.asked.about.questions,
             {error_code::timed_out, "the look-up of its signatures was not begun in time; try again", std::nullopt});
        continue;
      }
      wanted asked = mine.asked;
      auto found = co_await self->answer(std::move(asked), b->limit);
      for (const proof_question& q : mine.asked.about.questions) {
        const auto at = found ? (*found)->find(q) : rules::proofs::const_iterator();
        if (found && at != (*found)->end())
          mine.found.emplace(*at);
        else
          mine.found.emplace(q, fail(found ? error{error_code::internal, "no answer", std::nullopt} : found.error()));
      }
    }
  }

  awaitable<result<answers>> answer(wanted w, deadline d) {
    for (int moves = 0; moves < most_moves; ++moves) {
      std::string key = fmt::format("{}\n{}\n{}", w.about.owner, w.about.image.written(), w.identity);
      for (const proof_question& q : w.about.questions)
        if (const verifier* by = find_verifier(*w.verifiers, q.verifier))
          key += "\n" + key_of(w.about, q, *by, w.identity);
      flights_type::fetch fetch = [self = shared_from_this(), w](deadline limit) { return look_up(self, w, limit); };
      if (under_way >= options.most || of_owner(w.about.owner) >= options.most - under_way)
        co_return fail(busy(under_way));
      auto found = co_await flights.get(std::move(key), std::move(fetch), d);
      if (!found && found.error().code == error_code::timed_out)
        co_return fail(error_code::timed_out,
                       fmt::format("the signatures of {} were not there in time; their look-up goes on, and a later "
                                   "request may find its answer",
                                   w.about.image.canonical()));
      if (!found || *found) co_return found;
      w.identity = identity_of(w.about);
    }
    co_return fail(error_code::unavailable,
                   fmt::format("the credentials for {} keep changing; try again", w.about.image.registry()));
  }

  [[nodiscard]] std::size_t of_owner(const std::string& owner) const {
    const auto found = by_owner.find(owner);
    return found == by_owner.end() ? 0 : found->second;
  }

  // Counts a look-up under way.
  struct place {
    place(state& of, std::string name) : all(of), owner(std::move(name)) {
      ++all.under_way;
      ++all.by_owner[owner];
    }
    ~place() {
      --all.under_way;
      if (--all.by_owner[owner] == 0) all.by_owner.erase(owner);
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    state& all;
    std::string owner;
  };

  // A null value: the credentials are of another identity by now, so nothing was found for this one.
  static awaitable<result<flights_type::fetched>> look_up(std::shared_ptr<state> self, wanted w, deadline limit) {
    const place here(*self, w.about.owner);
    auto made = std::make_shared<rules::proofs>();
    co_await judge_beside(self, w, limit, *made);
    if (identity_of(w.about) != w.identity) co_return flights_type::fetched{nullptr, self->time.now()};
    for (const proof_question& q : w.about.questions) {
      const verifier* by = find_verifier(*w.verifiers, q.verifier);
      if (by == nullptr || !by->is_content_trust()) continue;
      auto answer = co_await ask_notary(self, w, *by, limit);
      made->emplace(q, std::move(answer));
    }
    self->keep(w, *made);
    co_return flights_type::fetched{std::move(made), self->time.now()};
  }

  // The questions about what lies beside the image.
  static awaitable<void> judge_beside(std::shared_ptr<state> self, const wanted& w, deadline limit,
                                      rules::proofs& into) {
    std::vector<const verifier*> asked;
    wanted mine = w;
    std::erase_if(mine.about.questions, [&](const proof_question& q) {
      const verifier* by = find_verifier(*w.verifiers, q.verifier);
      if (by == nullptr || by->is_content_trust()) return true;
      if (std::ranges::find(asked, by) == asked.end()) asked.push_back(by);
      return false;
    });
    if (asked.empty()) co_return;
    signatures::document_reader read = [reads = self->reads, about = w.about](registry::document_name name,
                                                                              deadline d) {
      resolve::query q{about.image, about.credentials, resolve::freshness::cached, about.owner, std::move(name)};
      return reads->read(std::move(q), d);
    };
    signatures::image_subject of{repository_of(w.about), *w.about.image.digest()};
    signatures::evidence_demand demanded = signatures::demand_of(asked);
    demanded.reads_attestations =
        std::ranges::any_of(mine.about.questions, [](const proof_question& q) { return !q.type.empty(); });
    auto evidence = co_await signatures::gather_evidence(std::move(read), std::move(of), std::move(demanded), limit);
    if (!evidence) {
      fill(into, mine.about.questions, not_looked_up(std::move(evidence.error())));
      co_return;
    }
    std::function<void()> judge_all = [&] { into = judged(mine, *evidence, self->time.wall()); };
    auto done = co_await self->judging.run_by(w.about.owner, std::move(judge_all), limit);
    if (!done) fill(into, mine.about.questions, done.error());
  }

  // The tag's signed digest must be the image's; without a tag some tag must be signed to be it.
  static awaitable<result<rules::proof>> ask_notary(std::shared_ptr<state> self, const wanted& w, const verifier& by,
                                                    deadline limit) {
    if (!self->options.trust_files)
      co_return fail(error_code::unsupported, fmt::format("verifier {} cannot be asked here", by.name));
    const auto& server = std::get<signatures::content_trust_verifier>(by.by).server;
    auto read = self->options.trust_files(w.about.image, server);
    if (!read) co_return fail(std::move(read.error()));
    signatures::tag_subject of{w.about.image.tag(), w.about.image.digest()};
    const wall_time now = self->time.wall();
    auto verdict = co_await signatures::verify_signed_tag(std::move(*read), std::move(of), by, now, limit);
    if (!verdict) co_return fail(not_looked_up(std::move(verdict.error())));
    co_return proof_of(*verdict, {by.name});
  }

  static rules::proofs judged(const wanted& w, const signatures::image_evidence& evidence, wall_time now) {
    rules::proofs out;
    for (const proof_question& q : w.about.questions) {
      const verifier* by = find_verifier(*w.verifiers, q.verifier);
      if (by == nullptr) continue;
      const signatures::attestation_demand demanded{q.type, q.fields};
      auto verdict = signatures::judge(evidence, *by, now, q.type.empty() ? nullptr : &demanded);
      if (verdict)
        out.emplace(q, proof_of(*verdict, q));
      else
        out.emplace(q, fail(not_looked_up(std::move(verdict.error()))));
    }
    return out;
  }

  void keep(const wanted& w, const rules::proofs& made) {
    const steady_time now = time.now();
    const wall_time on_wall = time.wall();
    for (const auto& [q, is] : made) {
      const verifier* by = find_verifier(*w.verifiers, q.verifier);
      if (by == nullptr) continue;
      if (is) held.store(key_of(w.about, q, *by, w.identity), *is, now, on_wall);
      if (watch != nullptr)
        watch->proved(q.verifier, !is            ? proof_outcome::failed
                                  : is->is_given ? proof_outcome::accepted
                                                 : proof_outcome::refused);
    }
  }

  asio::any_io_executor on;
  std::shared_ptr<resolve::resolver> reads;
  compute_thread& judging;
  const clock& time;
  proof_observer* watch;
  const proof_options options;
  shared_value<const verifier_list> verifiers{std::make_shared<const verifier_list>()};
  static inline std::atomic<std::uint64_t> last_generation{0};
  std::atomic<std::uint64_t> generation{++last_generation};
  verdict_cache held;
  // What callers keep beside images; as many of one namespace as its share.
  resolve::digest_cache vouched;
  // The rest belongs to the look-up thread.
  flights_type flights;
  std::size_t under_way = 0;
  std::map<std::string, std::size_t> by_owner;
};

proof_resolver::proof_resolver(asio::any_io_executor lookups, std::shared_ptr<resolve::resolver> reads,
                               compute_thread& judging, const clock& time, proof_observer* watch, proof_options options)
    : state_(std::make_shared<state>(std::move(lookups), std::move(reads), judging, time, watch, std::move(options))) {}

proof_resolver::~proof_resolver() = default;

// Whoever reads the new number is answered by the new verifiers.
void proof_resolver::use(held_verifiers verifiers) {
  state_->verifiers.store(std::move(verifiers));
  state_->generation.store(++state::last_generation, std::memory_order_release);
}

std::uint64_t proof_resolver::generation() const { return state_->generation.load(std::memory_order_acquire); }

std::optional<steady_time> proof_resolver::held_until(const proof_query& q) const {
  const held_verifiers verifiers = state_->verifiers.load();
  const std::string identity = identity_of(q);
  const steady_time now = state_->time.now();
  std::optional<steady_time> out;
  for (const proof_question& one : q.questions) {
    const verifier* by = find_verifier(*verifiers, one.verifier);
    const auto until = by == nullptr ? std::nullopt : state_->held.until(key_of(q, one, *by, identity), now);
    if (!until) return std::nullopt;
    out = out ? std::min(*out, *until) : until;
  }
  return out;
}

rules::proofs proof_resolver::known(const proof_query& q) const {
  rules::proofs out;
  proof_query open = q;
  state_->take_held(open, *state_->verifiers.load(), identity_of(q), out);
  std::erase_if(out, [](const auto& one) { return !one.second; });
  return out;
}

void proof_resolver::keep(const proof_query& q, const resolve::vouch& v) {
  const std::string identity = identity_of(q);
  const resolve::cache_key key(q.image.written(), identity, q.owner);
  state_->vouched.store(key, *q.image.digest(), state_->time.now());
  state_->vouched.keep(key, *q.image.digest(), v);
}

resolve::vouch proof_resolver::kept(const registry::reference& image, const registry::credential_source& credentials,
                                    std::string_view owner) const {
  const std::string identity = credentials.identity_for(image);
  return state_->vouched.find_vouch({image.written(), identity, owner});
}

void proof_resolver::keep(const admission::image_group& all, std::string_view owner, const resolve::vouch& v) {
  // The cache keeps what stands beside a digest, and a group has none of its own.
  static const registry::digest none = registry::digest::parse("sha256:" + std::string(64, '0')).value();
  const resolve::cache_key key(all.images, identity_of(all), owner);
  state_->vouched.store(key, none, state_->time.now());
  state_->vouched.keep(key, none, v);
}

resolve::vouch proof_resolver::kept(const admission::image_group& all, std::string_view owner) const {
  return state_->vouched.find_vouch({all.images, identity_of(all), owner});
}

awaitable<std::vector<rules::proofs>> proof_resolver::prove(std::vector<proof_query> queries, deadline d) {
  const std::shared_ptr<state> s = state_;
  const held_verifiers verifiers = s->verifiers.load();
  std::vector<rules::proofs> out(queries.size());
  std::shared_ptr<batch> missing;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    std::string identity = identity_of(queries[i]);
    s->take_held(queries[i], *verifiers, identity, out[i]);
    if (queries[i].questions.empty()) continue;
    if (!missing) missing = std::make_shared<batch>();
    missing->parts.push_back({{std::move(queries[i]), std::move(identity), verifiers}, i});
  }
  if (!missing) co_return out;
  asio::any_io_executor home = co_await asio::this_coro::executor;
  thread_crossing crossing(std::move(home));
  missing->limit = d;
  missing->done = crossing.arrival();
  asio::dispatch(s->on, [s, missing] { s->take(missing); });
  const bool has_arrived = co_await crossing.wait();
  for (batch::part& one : missing->parts) {
    if (has_arrived)
      out[one.place].merge(one.found);
    else
      fill(out[one.place], one.asked.about.questions, {error_code::canceled, "the request was given up", std::nullopt});
  }
  co_return out;
}

void proof_resolver::stop() { state_->flights.cancel(); }

}  // namespace pinhook::proofs
