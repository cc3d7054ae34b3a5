#include <pinhook/resolve/single_flight.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <fmt/core.h>

#include <utility>

// Invariants between two events:
//  1. Every flight from `make` until its end is in `running_`; so its size is the number of children. Those that were
//     not displaced hold a place of `table_`; so there are `most` and the displaced ones, which are on their way out.
//  2. `newest_` maps a key to the flight made last for it, if that one is still running.
//  3. A flight's outcome is set, or it has moved, before its waiters get it.

namespace pinhook::resolve {
namespace {

std::string message_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an unknown exception";
  }
}

}  // namespace

std::string describe(const flight& f) {
  const std::string asked = f.asking.empty() ? fmt::format("registry {}", f.query.ref.registry()) : f.asking;
  switch (f.at) {
    case flight::stage::credentials:
      return "the credentials were not there";
    case flight::stage::line:
      return fmt::format("no request slot for {} became free", asked);
    case flight::stage::registry:
      break;
  }
  return fmt::format("{} did not answer", asked);
}

std::string single_flight::key_of(std::string_view subject, std::string_view identity) {
  // A subject holds no line end, so the first one separates.
  return fmt::format("{}\n{}", subject, identity);
}

std::shared_ptr<flight> single_flight::find(std::string_view subject, std::string_view identity,
                                            bool is_unasked) const {
  const auto found = newest_.find(key_of(subject, identity));
  if (found == newest_.end() || (is_unasked && found->second->asked_at)) return nullptr;
  return found->second;
}

std::shared_ptr<flight> single_flight::find(fair_line::key number) const {
  const auto found = running_.find(number);
  return found == running_.end() ? nullptr : found->second;
}

std::vector<claim> claims_of(const flight& f) {
  std::vector<claim> out;
  out.reserve(f.wanted_by.size() + 1);
  for (const auto& [owner, waiting] : f.wanted_by) out.push_back({owner, waiting.request});
  if (f.is_ahead && !f.wanted_by.contains(f.query.owner)) out.push_back({f.query.owner, 0});
  return out;
}

single_flight::made single_flight::make(query q, std::string identity, std::uint64_t request, bool is_ahead) {
  if (is_canceled_) return {};
  const fair_line::key number = ++last_;
  // The line is empty but for this one.
  const fair_line::filter anybody{[](fair_line::key) { return true; }, number};
  table_.enter(number, q.owner, {{q.owner, request}});
  made out;
  if (!table_.next(time_.now(), anybody)) {
    const auto way = table_.give_way(time_.now(), anybody);
    if (!way.entry) {
      table_.leave(number);
      return {};
    }
    out.displaced = running_.at(*way.entry);
    table_.leave(*way.entry);
    (void)table_.next(time_.now(), anybody);
  }
  auto f = std::make_shared<flight>(std::move(q), std::move(identity));
  f->number = number;
  f->is_ahead = is_ahead;
  f->started_at = time_.now();
  f->limit = deadline::after(f->started_at, options_.limit);
  newest_[key_of(*f)] = f;
  running_.emplace(number, f);
  out.fresh = std::move(f);
  return out;
}

void single_flight::launch(const std::shared_ptr<flight>& f, awaitable<void> work, std::function<void()> on_done,
                           std::shared_ptr<void> owner) {
  f->limit_timer = timers_.add(f->limit.time(), [weak = std::weak_ptr(f)] {
    const auto late = weak.lock();
    if (!late) return;
    late->is_over_limit = true;
    late->cancel.emit(boost::asio::cancellation_type::terminal);
  });
  auto done = [this, f, report = std::move(on_done), keep = std::move(owner)](const std::exception_ptr& thrown) {
    conclude(*f, thrown);
    report();
  };
  boost::asio::co_spawn(on_, std::move(work), boost::asio::bind_cancellation_slot(f->cancel.slot(), std::move(done)));
}

void single_flight::conclude(flight& f, const std::exception_ptr& thrown) {
  timers_.cancel(f.limit_timer);
  const auto found = newest_.find(key_of(f));
  if (found != newest_.end() && found->second.get() == &f) newest_.erase(found);
  running_.erase(f.number);
  table_.leave(f.number);

  const bool is_cut_short = thrown || (!f.outcome && f.outcome.error().code == error_code::canceled);
  f.has_given_way = f.has_given_way && !f.has_moved && is_cut_short && !is_canceled_;
  if (f.has_moved || !is_cut_short) return;
  if (f.has_given_way) {
    f.outcome = fail(error_code::canceled, fmt::format("looking up {} gave way", f.query.ref.canonical()));
  } else if (f.is_over_limit) {
    const auto limit = std::chrono::duration<double>(options_.limit).count();
    f.outcome = fail(error_code::timed_out, fmt::format("{} within {:.1f} s", describe(f), limit));
  } else if (is_canceled_) {
    f.outcome = fail(error_code::canceled, fmt::format("looking up {} was canceled", f.query.ref.canonical()));
  } else if (thrown) {
    f.outcome = fail(error_code::internal,
                     fmt::format("looking up {} failed: {}", f.query.ref.canonical(), quoted(message_of(thrown))));
  }
}

std::vector<std::shared_ptr<flight>> single_flight::all() const {
  std::vector<std::shared_ptr<flight>> out;
  out.reserve(running_.size());
  for (const auto& [number, f] : running_) out.push_back(f);
  return out;
}

void single_flight::give_way(flight& f) {
  f.has_given_way = true;
  table_.leave(f.number);
  // Queries that come now must not wait for it.
  const auto found = newest_.find(key_of(f));
  if (found != newest_.end() && found->second.get() == &f) newest_.erase(found);
  f.cancel.emit(boost::asio::cancellation_type::terminal);
}

void single_flight::cancel_all() {
  is_canceled_ = true;
  // A copy: a flight that ends at once leaves the table.
  for (const auto& f : all()) f->cancel.emit(boost::asio::cancellation_type::terminal);
}

}  // namespace pinhook::resolve
