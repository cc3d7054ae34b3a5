// Manners towards registries: how many requests one registry gets at a time, and none while it is in trouble.
//
//   result<host_gate::permit> entered = co_await gate.enter("ghcr.io", d);
//   if (!entered) co_return fail(entered.error());
//   … ask …
//   entered->settle(failed ? &failure : nullptr);
//
// Look-up thread only. The gate must outlive its permits.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/resolve/host_backoff.hpp>
#include <pinhook/resolve/timer_queue.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>

namespace pinhook::resolve {

struct gate_options {
  /// Requests under way to one registry. More finish no sooner at most registries and are limited sooner.
  std::size_t requests_per_host = 16;
  /// Registries that are busy or in trouble at the same time; names of registries come from whoever may create Pods.
  std::size_t hosts = 4096;
  backoff_options backoff;
};

class host_gate {
  struct host;
  struct waiter;

 public:
  /// The right to send one request. Given back when it dies; without a verdict that says nothing about the host.
  class permit {
   public:
    permit(permit&& other) noexcept;
    permit& operator=(permit&&) = delete;
    ~permit();
    /// How it went: null when the host answered with a digest. Ends the permit.
    void settle(const error* failure);

   private:
    friend class host_gate;
    permit(host_gate& gate, host& to, host_backoff::ticket t) : gate_(&gate), host_(&to), ticket_(t) {}
    host_gate* gate_;
    host* host_;
    host_backoff::ticket ticket_;
  };

  /// `seed` feeds the jitter of the rests.
  host_gate(boost::asio::any_io_executor on, const clock& time, timer_queue& timers, gate_options options,
            std::uint64_t seed);
  ~host_gate();

  /// Waits for a place, first come first served. At once: the remembered error while the host rests, and unavailable
  /// when too many hosts are busy. While a probe is under way the others wait for its outcome. timed_out: no place came
  /// free by `d`; canceled.
  awaitable<result<permit>> enter(std::string host_name, deadline d);

  [[nodiscard]] host_backoff::state state_of(const std::string& host_name) const;
  /// What `enter` would refuse with while the host rests.
  [[nodiscard]] std::optional<error> refusal(const std::string& host_name) const;
  /// The end of the host's rest, or now when it does not rest.
  [[nodiscard]] steady_time rests_until(const std::string& host_name) const;
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }

 private:
  host* find_or_make(const std::string& name);
  [[nodiscard]] bool has_place(const host& h) const;
  permit admit(host& h);
  void leave(host& h, host_backoff::ticket t, const error* failure, bool has_verdict);
  void wake(host& h);
  void forget_if_idle(host& h);

  boost::asio::any_io_executor on_;
  const clock& time_;
  timer_queue& timers_;
  gate_options options_;
  std::minstd_rand jitter_;
  std::unordered_map<std::string, std::unique_ptr<host>> hosts_;
};

}  // namespace pinhook::resolve
