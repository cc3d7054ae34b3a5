// How many look-ups with pull secrets each address may cause in a minute (callers.lookups), where it is not known who
// calls. A look-up that finds nothing counts ten times: guessing tags is nearly all misses, and an API server's
// look-ups nearly all hits. What is not used in a minute is lost.
//
// Behind the address of an API server are all namespaces, and one of them may look up without end. So each may use as
// much as is left for all others: one alone gets half of the number, two get a third each, and one that has used
// nothing is refused only when nothing is left.
//
//   caller_limits lookups(6000, numbers, time);
//   caller_limits::share mine(lookups, r.from->address);
//   co_await handler.handle(body, mode, d, &mine);
//
// An IPv6 client counts by its /64, since it can have any address in that. At most `max_addresses` are counted apart;
// the others share one count while there is no room.
//
// Thread rule: any thread; a share belongs to one request.
#pragma once

#include <pinhook/admission/lookup_allowance.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/server/metrics.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace pinhook::webhook {

class caller_limits {
 public:
  /// A cluster has a handful of API servers; the rest of the table is for those who should not call.
  static constexpr std::size_t max_addresses = 4096;
  /// Namespaces of an address that have used something lately and are counted apart; the others share one count.
  static constexpr std::size_t max_namespaces = 256;
  /// What a look-up costs that finds nothing. It is reserved before, so that many guesses at once cost as much.
  static constexpr double guess = 10;

  /// 0: there is no limit. `numbers` and `time` outlive it.
  caller_limits(std::size_t per_minute, server::metrics& numbers, const clock& time)
      : per_minute_(static_cast<double>(per_minute)), numbers_(numbers), time_(time) {}
  caller_limits(const caller_limits&) = delete;
  caller_limits& operator=(const caller_limits&) = delete;

  [[nodiscard]] bool limits() const { return per_minute_ > 0; }
  /// Addresses that are counted now.
  [[nodiscard]] std::size_t addresses() const;

  /// The allowance of one request.
  class share final : public admission::lookup_allowance {
   public:
    /// `all` outlives it.
    share(caller_limits& all, const boost::asio::ip::address& from);

    [[nodiscard]] bool begin(const std::string& ns) override;
    void end(const std::string& ns, bool found_nothing) override;
    [[nodiscard]] error refusal() const override;

   private:
    caller_limits& all_;
    const boost::asio::ip::address from_;
  };

 private:
  struct bucket {
    double left = 0;
    steady_time at;
    // What each namespace has of that which is not left.
    std::map<std::string, double, std::less<>> used;
  };

  bool take(const boost::asio::ip::address& from, const std::string& ns, double cost);
  void give_back(const boost::asio::ip::address& from, const std::string& ns, double cost);
  // With the mutex held.
  bucket& bucket_of(const boost::asio::ip::address& from, steady_time now);
  [[nodiscard]] double left_of(const bucket& b, steady_time now) const;
  void fill(bucket& b, steady_time now) const;
  static double& used_of(bucket& b, const std::string& ns);

  const double per_minute_;
  server::metrics& numbers_;
  const clock& time_;
  mutable std::mutex mutex_;
  std::map<boost::asio::ip::address, bucket> buckets_;
};

}  // namespace pinhook::webhook
