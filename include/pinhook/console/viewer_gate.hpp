// Who may look at the console, and at which namespaces.
//
// On loopback, whoever reaches the port has a shell on this machine, or a port-forward: everybody sees everything. But
// a browser there is also led by pages of others, so the Host header has to name this machine (DNS rebinding).
// Elsewhere a request carries a bearer token of the cluster: the API server says whose it is (TokenReview), whether
// that user may `get` the path /pinhook, and in which namespaces the user may `list` pods (SubjectAccessReview).
//
//   auto sees = co_await gate.admit(request, names, deadline);
//   if (!sees) co_return to_response(sees.error());
//
// Answers are kept for a minute, failures for five seconds. Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/kube/access_review.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/server/message.hpp>
#include <pinhook/server/routes.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::console {

struct gate_options {
  /// False: loopback.
  bool wants_token = false;
  std::chrono::seconds kept{60};
  /// For all reviews of one viewer.
  std::chrono::seconds limit{20};
  /// Viewers whose reviews are under way; more are asked to come again.
  std::size_t most_reviews = 32;
  /// Reviews of one viewer under way.
  std::size_t at_once = 8;
};

class viewer_gate {
 public:
  /// `to`: null only without `wants_token`.
  viewer_gate(std::shared_ptr<kube::api_connection> to, asio::io_context::executor_type on, const clock& time,
              gate_options options);

  /// What the sender may see of `namespaces`. 401: no token, or one that is not accepted; 403: no right to look; 421:
  /// the Host header is another machine's; 503: the API server could not be asked.
  awaitable<std::expected<visible_namespaces, server::refusal>> admit(const server::request& r,
                                                                      std::vector<std::string> namespaces, deadline d);

  /// Whether the sender, who was admitted, has one more right. 403: no. Others as above; the answer is not kept.
  awaitable<std::expected<void, server::refusal>> allow(const server::request& r, kube::asked_access right, deadline d);

 private:
  using viewers = fetch_cache<visible_namespaces>;

  const std::shared_ptr<kube::api_connection> to_;
  const asio::io_context::executor_type on_;
  const clock& time_;
  const gate_options options_;
  std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
  viewers known_;
};

/// True for a Host header that names this machine's loopback: localhost, 127.0.0.1, [::1], with any port. Pure.
[[nodiscard]] bool is_loopback_host(std::string_view host);

/// The token of an Authorization header "Bearer …"; empty: there is none. Pure.
[[nodiscard]] std::string_view bearer_of(std::string_view authorization);

}  // namespace pinhook::console
