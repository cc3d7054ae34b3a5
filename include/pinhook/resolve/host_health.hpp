// Decides which part of a registry is in trouble: the registry itself, one of its repositories, a credential there. No
// I/O; a `backoff` for each.
//
//   failure                                  part that rests
//   5xx, reset, no connection, time-out      the repository
//   … of several repositories in a row       the registry, too; not for an owner without a failure in that row: it may
//                                            send one request at once, which is a probe as any other
//   429                                      the credential; of an anonymous request the registry
//
// An answer of any repository ends the registry's rest. A failure to connect counts like the others: it may come from
// the path of one repository alone (a redirect, a token server), and a registry that is down is known by its third.
//
// A plain value of one thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/resolve/backoff.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::resolve {

/// A request to a registry as far as its health is concerned: the repository, and on whose behalf.
struct errand {
  std::string repository;
  /// The identity of a credential.
  std::string credential;
  /// The namespaces that want it.
  std::vector<std::string> owners;

  friend bool operator==(const errand&, const errand&) = default;
};

/// The parts of a registry that may be in trouble.
enum class part : std::uint8_t { registry, repository, credential };

std::string_view to_string(part which) noexcept;

class host_health {
 public:
  using state = backoff::state;
  struct ticket {
    backoff::ticket host;
    backoff::ticket repository;
    backoff::ticket credential;
  };
  /// The state for an errand: the worst of the parts it needs.
  struct standing {
    state now = state::clear;
    part which = part::registry;
    /// When it may have improved: the end of the rest, or of a probe's time; only while resting or probing.
    steady_time until{};
  };

  explicit host_health(const backoff_options& options) : options_(options), host_(options) {}

  [[nodiscard]] standing look(const errand& on, steady_time now) const;
  /// The error for a caller that does not wait for the end of the rest: the reason, and when the next request is due.
  [[nodiscard]] error refusal(std::string_view host, const errand& on, steady_time now) const;

  /// A request is being sent: not while resting or probing. Its verdict is one of the three below, with the same
  /// errand.
  [[nodiscard]] ticket start(const errand& on, steady_time now);
  void succeeded(const errand& on, const ticket& t, steady_time now);
  /// `failure` is trouble. `jitter`: see backoff::failed.
  void failed(const errand& on, const ticket& t, const error& failure, steady_time now, double jitter);
  void abandoned(const errand& on, const ticket& t, steady_time now);

  /// True when there is nothing to remember.
  [[nodiscard]] bool is_clear(steady_time now) const;
  /// The number of these parts that are in trouble.
  [[nodiscard]] std::size_t in_trouble(part which, steady_time now) const;
  /// The end of the longest rest.
  [[nodiscard]] steady_time until() const;

 private:
  struct record {
    explicit record(const backoff_options& options) : rests(options) {}
    backoff rests;
    std::size_t under_way = 0;
  };
  using records = std::map<std::string, record, std::less<>>;

  record& record_of(records& all, const std::string& name);
  // The record that a verdict is about, if it is kept.
  [[nodiscard]] static record* find(records& all, const std::string& name);
  [[nodiscard]] const backoff* find(part which, const errand& on) const;
  void end(const errand& on, const std::function<void(backoff&, part)>& apply);
  void forget(records& all, steady_time now) const;
  [[nodiscard]] bool is_early(const errand& on) const;
  void add_to_row(const errand& on, steady_time now);

  backoff_options options_;
  backoff host_;
  records repositories_;
  records credentials_;
  // The failures since the last answer.
  std::set<std::string, std::less<>> row_;
  std::set<std::string, std::less<>> row_owners_;
  steady_time row_at_{};
};

/// True for the identity of requests without a credential.
[[nodiscard]] bool is_anonymous(std::string_view credential_identity);

}  // namespace pinhook::resolve
