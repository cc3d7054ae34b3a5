// Limits the requests to one registry at a time and to all of them together, decides which is next, and sends none to a
// host that is in trouble.
//
//   host_gate::visit v{…};
//   result<host_gate::permit> entered = co_await gate.enter(std::move(v));
//   if (!entered) co_return fail(entered.error());
//   … ask …
//   entered->settle(failed ? &failure : nullptr);
//
// fair_line decides which visitor is next and which gives way, host_health which hosts are in trouble, request_pace how
// fast one that limits requests per second is asked. Look-up thread only. The gate must outlive its permits.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/resolve/backoff.hpp>
#include <pinhook/resolve/fair_line.hpp>
#include <pinhook/resolve/gate_options.hpp>
#include <pinhook/resolve/host_health.hpp>
#include <pinhook/resolve/timer_queue.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace pinhook::resolve {

class host_gate {
  struct host;
  struct visitor;

 public:
  /// A look-up's request to a registry, before it is let in.
  struct visit {
    /// Names the look-up; it may have one visit at a time.
    fair_line::key number = 0;
    std::string host;
    std::string repository;
    /// The identity of the credential that is shown.
    std::string credential;
    /// The owner that began it, and the claims of those who want it now.
    std::string beginner;
    std::vector<claim> claims;
    deadline limit = deadline::never();
    /// Called when the host, the repository or the credential rests: true to wait for the end of the rest. Null: do not
    /// wait.
    std::function<bool(steady_time until, const error& refusal)> waits_out;
  };

  /// The right to send one request. Given back when it dies; without a verdict that counts for nothing about the host.
  class permit {
   public:
    permit(permit&& other) noexcept;
    permit& operator=(permit&&) = delete;
    ~permit();
    /// The outcome: null when the host answered with a digest. Ends the permit.
    void settle(const error* failure);

   private:
    friend class host_gate;
    permit(host_gate& gate, std::shared_ptr<visitor> v) : gate_(&gate), visitor_(std::move(v)) {}
    host_gate* gate_;
    std::shared_ptr<visitor> visitor_;
  };

  /// Called by the gate; none may call it back.
  struct hooks {
    /// The look-up has lost its place to another, in line or with a request under way: it must end at once.
    std::function<void(fair_line::key)> displaced;
    /// More or less of a registry is in trouble.
    std::function<void(const std::string& host, part which, int change)> trouble;
  };

  /// `seed` feeds the jitter of the rests.
  host_gate(boost::asio::any_io_executor on, const clock& time, timer_queue& timers, const gate_options& options,
            std::uint64_t seed, hooks on_event);
  ~host_gate();

  /// Waits for a place. At once: the remembered error of a part that rests, unless the end of the rest is waited for,
  /// and unavailable when too many hosts are busy. While a probe is under way the others wait for its outcome.
  /// timed_out: no place became free by the limit; canceled.
  awaitable<result<permit>> enter(visit v);

  /// Others want that look-up now, or no one does. Takes effect at the next `go_on`.
  void set_claims(fair_line::key number, const std::vector<claim>& claims);
  /// Call after changes of claims.
  void go_on();

  /// The state for that repository on that account. Nothing is known here of the credential.
  [[nodiscard]] host_health::standing look(const std::string& host_name, const errand& on) const;
  /// The error that `enter` would return; only while resting.
  [[nodiscard]] error refusal(const std::string& host_name, const errand& on) const;
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
  [[nodiscard]] std::size_t under_way() const { return all_.held(); }

 private:
  host* find_or_make(const std::string& name);
  // `alone`: no other is let in, or made room for.
  [[nodiscard]] fair_line::filter may_enter(const host& h, std::optional<fair_line::key> alone) const;
  [[nodiscard]] bool is_worth_waiting(const visitor& v) const;
  void advance(host& h, std::optional<fair_line::key> alone);
  void advance_all();
  void grant(visitor& v);
  void refuse(const std::shared_ptr<visitor>& v, error failure);
  void displace(fair_line::key number);
  void take_out(visitor& v);
  void leave(visitor& v, const error* failure, bool has_verdict);
  void give_verdict(visitor& v, const error* failure, bool has_verdict);
  void ask_patience(host& h);
  void wake_at(host& h, steady_time when);
  void report_trouble(host& h);
  void forget_if_idle(const std::string& name);

  boost::asio::any_io_executor on_;
  const clock& time_;
  timer_queue& timers_;
  gate_options options_;
  std::minstd_rand jitter_;
  hooks hooks_;
  std::unordered_map<std::string, std::unique_ptr<host>> hosts_;
  std::unordered_map<fair_line::key, std::shared_ptr<visitor>> visitors_;
  fair_line all_;
  timer_queue::id all_timer_{};
  std::set<std::string> changed_;
};

}  // namespace pinhook::resolve
