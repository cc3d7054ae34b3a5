// The work of one flight: the routes to the registry in their order, and on each the credentials in theirs, until one
// host answers.
//
//   mirror, mirror, … ──failed──▶ the registry ──▶ credentials of source 1 ──refused──▶ of source 2 ──…──▶ verdict
//                                                  no source had any: once as anonymous
//
// A mirror is asked once a flight, with the node's credentials and a bounded share of the time; after any failure there
// the next route is taken. A source of credentials is asked only when those before it had none or theirs were refused;
// it too gets a share, and one that fails is skipped and named in the end.
//
// Then, where nodes pull the digest from other places than the one that answered, those are asked for it.
//
// Look-up thread only; lives in the frame of the flight's coroutine.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/registry/route.hpp>
#include <pinhook/resolve/credential_chain.hpp>
#include <pinhook/resolve/host_gate.hpp>
#include <pinhook/resolve/pull_notes.hpp>
#include <pinhook/resolve/resolver_options.hpp>
#include <pinhook/resolve/single_flight.hpp>
#include <pinhook/resolve/skipped_sources.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::resolve {

class lookup_run {
 public:
  struct tools {
    registry::client& client;
    const clock& time;
    host_gate& gate;
    const resolver_options& options;
    pull_notes& pulls;
    /// True when one of those who wait for the flight waits for the end of a rest.
    std::function<bool(flight&, steady_time until, const error& refusal)> waits_out;
  };
  lookup_run(tools with, std::shared_ptr<flight> f) : with_(std::move(with)), f_(std::move(f)) {}

  /// Sets the flight's outcome, or that it has moved.
  awaitable<void> run();

 private:
  using route = std::shared_ptr<const registry::route>;
  using source = std::shared_ptr<registry::credential_source>;
  // One host to ask: by which route, with which credentials, until when.
  struct question {
    route by;
    std::string host;
    source credentials;
    registry::reference named;
    registry::reference ref;
    deadline limit;
    bool shows_tenants = true;
    /// There is no other route.
    bool is_last = true;
  };

  awaitable<result<registry::digest>> by_route(question q);
  awaitable<void> check_pull(route by);
  awaitable<std::shared_ptr<const pull_trouble>> ask_for_pull(registry::reference pinned, std::vector<route> places);
  awaitable<result<registry::digest>> ask_place(route place, registry::reference ref);
  void take_pull(std::shared_ptr<const pull_trouble> trouble);
  awaitable<result<registry::digest>> ask(question q);
  awaitable<result<registry::digest>> ask_each_source(question q);
  awaitable<std::optional<registry::digest>> ask_with_offered(question q, credential_chain& chain);
  awaitable<result<registry::digest>> ask_once(question q, registry::credential credential);
  awaitable<result<registry::digest>> request(question q, registry::credential credential);
  [[nodiscard]] host_gate::visit visit_for(const question& q, const registry::credential& credential) const;
  [[nodiscard]] bool may_ask_again(const question& q, const registry::credential& credential, const error& after) const;
  [[nodiscard]] deadline share(std::chrono::nanoseconds most, deadline within) const;
  [[nodiscard]] question question_for(route by, const registry::reference& ref) const;
  void note_source(const registry::credential_source& which, const registry::reference& named, error failure);

  tools with_;
  std::shared_ptr<flight> f_;
  // The digest whose places are asked, while they are.
  std::optional<registry::digest> found_;
  skipped_sources failed_routes_;
  skipped_sources sources_;
};

/// The mirror's own name for the image of `ref`, for looking up credentials: "harbor.corp/hub/library/nginx:1" behind
/// "https://harbor.corp/v2/hub". Nothing when that is no reference (an IPv6 host with a port, for one).
[[nodiscard]] std::optional<registry::reference> reference_at(const registry::route& mirror,
                                                              const registry::reference& ref);

/// The name of the repository of `ref` among those of `host`: a mirror has those of several registries.
[[nodiscard]] std::string repository_at(const std::string& host, const registry::reference& ref);

}  // namespace pinhook::resolve
