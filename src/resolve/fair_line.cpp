#include <pinhook/resolve/fair_line.hpp>

#include <algorithm>

// Invariants between two calls:
//  1. held_ <= places. An entry that holds a place is in the `holding` of the one owner that pays for it, and in
//     `unwanted_held_` when it has no claim; the sum of all `holding` is held_.
//  2. An entry in line is once under each of its claims, or in `unwanted_line_` when it has none.
//  3. `turns` of an owner is the reverse of its `requests`; none of these is empty.
//  4. An owner is remembered while it pays for an entry or one of its requests is in line. So memory is bounded by the
//     entries.
//  5. The payer is the owner whose turn it was; when that one has no claim left, the first of those who have; when no
//     owner has, the last payer.

namespace pinhook::resolve {
namespace {

// Of two or three places one reserved would be too many.
constexpr std::size_t least_shared = 4;

}  // namespace

fair_line::fair_line(const fair_options& options) : options_(options) {
  options_.places = std::max<std::size_t>(options_.places, 1);
}

std::size_t fair_line::reserved() const { return options_.places < least_shared ? 0 : options_.reserved; }

fair_line::account& fair_line::account_of(const std::string& owner) {
  const auto [at, is_new] = owners_.try_emplace(owner);
  if (is_new) at->second.turn = ++turns_;
  return at->second;
}

void fair_line::enter(key number, const std::string& beginner, std::vector<claim> wanted_by) {
  const auto [at, is_new] = entries_.try_emplace(number);
  if (!is_new) return;
  entry& e = at->second;
  e.order = ++arrivals_;
  e.owner = beginner;
  e.claims = std::move(wanted_by);
  line_up(number, e);
}

void fair_line::line_up(key number, const entry& e) {
  if (e.claims.empty()) unwanted_line_.emplace(e.order, number);
  for (const claim& c : e.claims) {
    account& of = account_of(c.owner);
    const auto [at, is_new] = of.requests.try_emplace(c.request);
    if (is_new) {
      at->second.turn = ++turns_;
      of.turns.emplace(at->second.turn, c.request);
    }
    at->second.waiting.emplace(e.order, number);
  }
}

void fair_line::step_out(const entry& e) {
  unwanted_line_.erase(e.order);
  for (const claim& c : e.claims) {
    const auto owner = owners_.find(c.owner);
    if (owner == owners_.end()) continue;
    account& of = owner->second;
    const auto request = of.requests.find(c.request);
    if (request == of.requests.end()) continue;
    request->second.waiting.erase(e.order);
    if (request->second.waiting.empty()) {
      of.turns.erase(request->second.turn);
      of.requests.erase(request);
    }
    forget_if_idle(c.owner);
  }
}

void fair_line::charge(key number, entry& e, const std::string& owner) {
  e.owner = owner;
  account_of(owner).holding.emplace(*e.since, number);
  if (e.claims.empty()) unwanted_held_.emplace(*e.since, number);
}

void fair_line::discharge(key number, const entry& e) {
  unwanted_held_.erase({*e.since, number});
  const auto at = owners_.find(e.owner);
  if (at != owners_.end()) at->second.holding.erase({*e.since, number});
  forget_if_idle(e.owner);
}

void fair_line::forget_if_idle(const std::string& owner) {
  const auto at = owners_.find(owner);
  if (at != owners_.end() && at->second.holding.empty() && at->second.requests.empty()) owners_.erase(at);
}

void fair_line::set_claims(key number, std::vector<claim> wanted_by) {
  const auto at = entries_.find(number);
  if (at == entries_.end()) return;
  entry& e = at->second;
  if (!e.since) {
    step_out(e);
    e.claims = std::move(wanted_by);
    line_up(number, e);
    return;
  }
  discharge(number, e);
  e.claims = std::move(wanted_by);
  const bool still_wants =
      std::ranges::any_of(e.claims, [&](const claim& c) { return c.owner == e.owner; }) || e.claims.empty();
  const std::string payer = still_wants ? e.owner : e.claims.front().owner;
  charge(number, e, payer);
}

std::vector<const fair_line::owner_entry*> fair_line::owners_in_turn() const {
  std::vector<const owner_entry*> out;
  for (const auto& one : owners_)
    if (!one.second.requests.empty()) out.push_back(&one);
  std::ranges::sort(out, {},
                    [](const owner_entry* one) { return std::pair(one->second.holding.size(), one->second.turn); });
  return out;
}

std::optional<std::pair<claim, fair_line::key>> fair_line::first_of(const owner_entry& owner, const filter& of) const {
  if (of.alone) {
    const auto at = entries_.find(*of.alone);
    if (at == entries_.end() || at->second.since) return std::nullopt;
    for (const claim& c : at->second.claims)
      if (c.owner == owner.first && of.may(*of.alone)) return std::pair(c, *of.alone);
    return std::nullopt;
  }
  for (const auto& [turn, request] : owner.second.turns)
    for (const auto& [order, number] : owner.second.requests.at(request).waiting)
      if (of.may(number)) return std::pair(claim{owner.first, request}, number);
  return std::nullopt;
}

std::optional<fair_line::key> fair_line::first_unwanted(const filter& of) const {
  if (of.alone) {
    const auto at = entries_.find(*of.alone);
    if (at == entries_.end() || !unwanted_line_.contains(at->second.order) || !of.may(*of.alone)) return std::nullopt;
    return of.alone;
  }
  for (const auto& [order, number] : unwanted_line_)
    if (of.may(number)) return number;
  return std::nullopt;
}

void fair_line::seat(key number, entry& e, const std::string& owner, steady_time now) {
  e.since = now;
  ++held_;
  charge(number, e, owner);
}

std::optional<fair_line::key> fair_line::next(steady_time now, const filter& of) {
  if (held_ >= options_.places || waiting() == 0) return std::nullopt;
  const std::size_t free = options_.places - held_;
  for (const owner_entry* owner : owners_in_turn()) {
    if (!owner->second.holding.empty() && free <= reserved()) continue;
    const auto found = first_of(*owner, of);
    if (!found) continue;
    const auto& [by, number] = *found;
    entry& e = entries_.at(number);
    account& payer = owners_.at(by.owner);
    payer.turn = ++turns_;
    request_line& line = payer.requests.at(by.request);
    payer.turns.erase(line.turn);
    line.turn = ++turns_;
    payer.turns.emplace(line.turn, by.request);
    step_out(e);
    seat(number, e, by.owner, now);
    return number;
  }
  if (free <= reserved()) return std::nullopt;
  const auto chosen = first_unwanted(of);
  if (!chosen) return std::nullopt;
  entry& e = entries_.at(*chosen);
  step_out(e);
  const std::string payer = e.owner;
  seat(*chosen, e, payer, now);
  return chosen;
}

fair_line::way fair_line::give_way(steady_time now, const filter& of) const {
  const auto in_turn = owners_in_turn();
  // One more free place must be of use to it.
  const bool is_reserve_whole = options_.places - held_ >= reserved();
  const auto waits = std::ranges::find_if(in_turn, [&](const owner_entry* one) {
    return (one->second.holding.empty() || is_reserve_whole) && first_of(*one, of).has_value();
  });
  if (waits == in_turn.end()) return {};
  if (!unwanted_held_.empty()) return {unwanted_held_.begin()->second};
  const std::size_t enough = (*waits)->second.holding.size() + 2;
  way out;
  std::size_t most = 0;
  for (const auto& [owner, held] : owners_) {
    const std::size_t holds = held.holding.size();
    if (holds < enough) continue;
    for (const auto& [since, number] : held.holding) {
      const auto& claims = entries_.at(number).claims;
      if (std::ranges::any_of(claims, [&, name = &owner](const claim& c) { return c.owner != *name; })) continue;
      const steady_time when = since + options_.patience;
      out.when = std::min(out.when, when);
      if (when <= now && holds > most) {
        out.entry = number;
        most = holds;
      }
      break;  // the others were let in later
    }
  }
  return out;
}

bool fair_line::leave(key number) {
  const auto at = entries_.find(number);
  if (at == entries_.end()) return false;
  if (at->second.since) {
    discharge(number, at->second);
    --held_;
  } else {
    step_out(at->second);
  }
  entries_.erase(at);
  return true;
}

std::size_t fair_line::held_by(const std::string& owner) const {
  const auto at = owners_.find(owner);
  return at == owners_.end() ? 0 : at->second.holding.size();
}

std::vector<fair_line::key> fair_line::line() const {
  std::vector<key> out;
  for (const auto& [number, e] : entries_)
    if (!e.since) out.push_back(number);
  std::ranges::sort(out, {}, [&](key number) { return entries_.at(number).order; });
  return out;
}

}  // namespace pinhook::resolve
