// Shares places between the owners on whose account they are wanted: a decision without I/O.
//
//   enter ──▶ waits ──next──▶ holds a place ──leave──▶ gone
//                                  └──give_way: another needs it more──▶ gone
//
// An entry (a look-up, a request to a registry) is wanted by claims: an owner (the namespace) and one of its requests
// (the object under admission). Several owners may want the same entry; it is one place all the same.
//
// The next is: of the owners with an entry in line the one that holds fewest places, of equal ones the one that was
// served longest ago. The requests of an owner take turns; within a request first come, first served. The last places
// (`reserved`) go only to an owner that holds none. An entry without claims comes last, and takes no reserved place.
//
// An entry gives way where another waits and there is no place for it: first an entry without claims; then, of the
// owner that holds most and at least two more than the one that waits, the entry that has held its place longest and
// for `patience` at least, unless another owner wants it, too.
//
// So no owner waits for more than the places of owners that hold no more than it does. A plain value of one thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pinhook::resolve {

/// The account on which something is done.
struct claim {
  std::string owner;
  std::uint64_t request = 0;

  friend bool operator==(const claim&, const claim&) = default;
};

struct fair_options {
  std::size_t places = 16;
  /// Places kept for an owner that holds none; zero where there are fewer than four places.
  std::size_t reserved = 1;
  /// An entry keeps its place for this time although another owner has fewer.
  std::chrono::nanoseconds patience = std::chrono::seconds(1);
};

class fair_line {
 public:
  /// Names an entry.
  using key = std::uint64_t;
  /// The entries of the line that are meant: those for which `may` is true, or of them one alone, which is found
  /// without a look at the others.
  struct filter {
    std::function<bool(key)> may;
    std::optional<key> alone{};
  };

  /// The entry that must give its place up, or the earliest time at which one may have to.
  struct way {
    std::optional<key> entry;
    steady_time when = steady_time::max();
  };

  explicit fair_line(const fair_options& options);

  /// Puts the entry at the end of the line. Without `wanted_by` it counts against `beginner` alone.
  void enter(key number, const std::string& beginner, std::vector<claim> wanted_by);
  /// Others want it now, or fewer do. It keeps its place, also in line. Does nothing for an entry that is not here.
  void set_claims(key number, std::vector<claim> wanted_by);
  /// Lets in one of those that are meant; nothing: there is no place for any of them.
  std::optional<key> next(steady_time now, const filter& of);
  /// The entry whose place is needed by one of those that are meant. For use when `next` returned nothing; it changes
  /// nothing.
  [[nodiscard]] way give_way(steady_time now, const filter& of) const;
  /// Out of the line or off its place. False: it is not here.
  bool leave(key number);

  [[nodiscard]] std::size_t held() const { return held_; }
  [[nodiscard]] std::size_t waiting() const { return entries_.size() - held_; }
  /// The number of places that an owner holds.
  [[nodiscard]] std::size_t held_by(const std::string& owner) const;
  /// Those in line, including those without claims.
  [[nodiscard]] std::vector<key> line() const;
  /// Owners remembered: those with an entry here.
  [[nodiscard]] std::size_t owners() const { return owners_.size(); }

 private:
  // In the order of arrival.
  using arrivals = std::map<std::uint64_t, key>;
  using holders = std::set<std::pair<steady_time, key>>;
  struct request_line {
    std::uint64_t turn = 0;
    arrivals waiting;
  };
  struct account {
    std::uint64_t turn = 0;
    holders holding;
    std::map<std::uint64_t, request_line> requests;  // those with an entry in line
    std::map<std::uint64_t, std::uint64_t> turns;    // turn → request
  };
  struct entry {
    std::uint64_t order = 0;
    std::string owner;  // pays for it
    std::vector<claim> claims;
    std::optional<steady_time> since;  // holds a place
  };
  using owner_entry = std::pair<const std::string, account>;

  [[nodiscard]] std::size_t reserved() const;
  [[nodiscard]] std::vector<const owner_entry*> owners_in_turn() const;
  [[nodiscard]] std::optional<std::pair<claim, key>> first_of(const owner_entry& owner, const filter& of) const;
  [[nodiscard]] std::optional<key> first_unwanted(const filter& of) const;
  account& account_of(const std::string& owner);
  void line_up(key number, const entry& e);
  void step_out(const entry& e);
  void charge(key number, entry& e, const std::string& owner);
  void discharge(key number, const entry& e);
  void seat(key number, entry& e, const std::string& owner, steady_time now);
  void forget_if_idle(const std::string& owner);

  fair_options options_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t turns_ = 0;
  std::size_t held_ = 0;
  std::unordered_map<key, entry> entries_;
  std::map<std::string, account> owners_;
  arrivals unwanted_line_;
  holders unwanted_held_;
};

}  // namespace pinhook::resolve
