#include <pinhook/resolve/tag_resolver.hpp>

#include <pinhook/base/thread_crossing.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <unordered_map>
#include <utility>

namespace pinhook::resolve {
namespace {

// Equal queries of a request are looked up once.
class batch_builder {
 public:
  void add(std::size_t position, query q, std::string identity) {
    // The source counts beside its identity, which may change while the query is under way.
    std::string key = fmt::format("{}{}\n{}\n{}", q.want == freshness::refreshed ? '!' : ' ',
                                  static_cast<const void*>(q.credentials.get()), subject_of(q), identity);
    const auto [at, is_new] = places_.try_emplace(std::move(key), made_->asks.size());
    if (is_new) made_->asks.emplace_back(std::move(q), std::move(identity));
    made_->asks[at->second].positions.push_back(position);
  }
  [[nodiscard]] const std::shared_ptr<batch>& made() const { return made_; }

 private:
  std::shared_ptr<batch> made_ = std::make_shared<batch>();
  std::unordered_map<std::string, std::size_t> places_;
};

// Queries of one request that are looked for in one go: some microseconds each.
constexpr std::size_t queries_in_a_slice = 32;

bool is_stale(const result<answer>& r) { return r && r->from == origin::stale; }

}  // namespace

tag_resolver::tag_resolver(boost::asio::any_io_executor lookup_executor, registry::client& client, const clock& time,
                           observer* watch, resolver_options options, std::unique_ptr<alarm> bell)
    : on_(std::move(lookup_executor)),
      time_(time),
      watch_(watch),
      cache_(std::make_shared<digest_cache>(options.cache)),
      pulls_(std::make_shared<pull_notes>()),
      scheduler_(std::make_shared<lookup_scheduler>(on_, client, time, watch, cache_, pulls_, options,
                                                    bell ? std::move(bell) : make_alarm(on_))) {
  scheduler_->begin();
}

std::optional<result<answer>> tag_resolver::from_cache(const query& q, const std::string& identity, steady_time now) {
  if (q.want == freshness::refreshed || q.document) return std::nullopt;
  cached held = cache_->find(cache_key(q.ref.canonical(), identity, q.owner), now);
  if (held.refresh) boost::asio::post(on_, [a = scheduler_, q, identity] { a->refresh(q, identity); });
  switch (held.status) {
    case cached::state::fresh:
      count(cache_event::fresh);
      return answer{.digest = std::move(*held.digest), .from = origin::cache, .vouched = held.vouched};
    case cached::state::negative:
      count(held.digest ? cache_event::stale : cache_event::negative);
      if (held.digest) return answer{.digest = std::move(*held.digest), .from = origin::stale, .vouched = held.vouched};
      return result<answer>(fail(*held.failure));
    default:
      return std::nullopt;
  }
}

awaitable<std::vector<result<answer>>> tag_resolver::resolve(std::vector<query> queries, deadline d) {
  const steady_time now = time_.now();
  std::vector<result<answer>> out;
  out.reserve(queries.size());
  std::optional<batch_builder> missing;
  for (query& q : queries) {
    // Others of this thread go on in between.
    if (out.size() % queries_in_a_slice == 0 && !out.empty()) {
      boost::asio::any_io_executor here = co_await boost::asio::this_coro::executor;
      co_await boost::asio::post(here, boost::asio::use_awaitable);
    }
    std::string identity = identity_of(q);
    if (auto held = from_cache(q, identity, now)) {
      if (*held) (*held)->trouble = pulls_->trouble_of(q.ref.canonical(), identity, (*held)->digest, now);
      out.push_back(std::move(*held));
      continue;
    }
    if (!missing) missing.emplace();
    missing->add(out.size(), std::move(q), std::move(identity));
    out.push_back(fail(error_code::canceled, "the request was given up"));
  }
  if (!missing) co_return out;

  const std::shared_ptr<batch> b = missing->made();
  boost::asio::any_io_executor home = co_await boost::asio::this_coro::executor;
  thread_crossing crossing(std::move(home));
  b->limit = d;
  b->since = now;
  b->done = crossing.arrival();
  boost::asio::dispatch(on_, [a = scheduler_, b] { a->take(b); });
  const bool has_arrived = co_await crossing.wait();
  if (!has_arrived) co_return out;
  for (const batch::ask& a : b->asks) {
    for (const std::size_t i : a.positions) {
      out[i] = a.outcome;
      if (a.query.document) continue;
      if (out[i])
        out[i]->trouble = pulls_->trouble_of(a.query.ref.canonical(), a.identity, out[i]->digest, time_.now());
      count(is_stale(a.outcome) ? cache_event::stale : cache_event::miss);
    }
  }
  co_return out;
}

std::optional<registry::digest> tag_resolver::known(const query& q) const {
  const std::string identity = identity_of(q);
  cached held = cache_->peek(cache_key(q.ref.canonical(), identity), time_.now());
  if (held.status != cached::state::fresh) return std::nullopt;
  return std::move(held.digest);
}

bool tag_resolver::is_held(const query& q) const {
  if (q.want == freshness::refreshed) return false;
  const auto status = cache_->peek(cache_key(q.ref.canonical(), identity_of(q)), time_.now()).status;
  return status == cached::state::fresh || status == cached::state::negative;
}

void tag_resolver::keep(const query& q, const registry::digest& d, const vouch& v) {
  const std::string identity = identity_of(q);
  cache_->keep(cache_key(q.ref.canonical(), identity), d, v);
}

awaitable<void> tag_resolver::stop() {
  boost::asio::any_io_executor home = co_await boost::asio::this_coro::executor;
  thread_crossing crossing(std::move(home));
  boost::asio::dispatch(on_, [a = scheduler_, done = crossing.arrival()]() mutable { a->stop(std::move(done)); });
  // Canceled or not, there is nothing more to do.
  co_await crossing.wait();
}

}  // namespace pinhook::resolve
