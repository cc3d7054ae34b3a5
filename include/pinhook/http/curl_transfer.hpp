// One request under way: the easy handle with its options, the data that has arrived, and the result.
//
// Thread rule: as curl_multi.
#pragma once

#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/address_guard.hpp>
#include <pinhook/http/curl_multi.hpp>
#include <pinhook/http/endpoint.hpp>
#include <pinhook/http/header_lines.hpp>
#include <pinhook/http/loaded_tls.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/http/proxy.hpp>

#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::http {

struct transfer_options {
  /// Name look-up, TCP and TLS together.
  std::chrono::milliseconds connect_timeout{5000};
  /// A peer that sends nothing for this long is given up.
  std::chrono::seconds stall_time{10};
  /// Connections unused for longer are not used again: most servers and load balancers close them after a minute.
  std::chrono::seconds idle_age{50};
};

/// The rules for one request.
struct transfer_rules {
  /// Null for http URLs. Outlives the transfer, as the next two do.
  const loaded_tls* tls = nullptr;
  /// For the connection to an https proxy; else null.
  const loaded_tls* proxy_tls = nullptr;
  /// Null: any address.
  const address_rules* guard = nullptr;
  /// The proxy to go through.
  std::optional<proxy_place> proxy;
};

class curl_transfer final : public curl_multi::transfer {
 public:
  /// `multi` must outlive the transfer.
  curl_transfer(curl_multi& multi, transfer_rules rules, request r, endpoint to, deadline d);
  /// Aborts the transfer if it is under way.
  ~curl_transfer() override;
  curl_transfer(const curl_transfer&) = delete;
  curl_transfer& operator=(const curl_transfer&) = delete;

  /// invalid_input: parts that would break the request's framing (line ends in a header), a body where none is allowed,
  /// a request that cannot be signed. denied: a host that is not allowed through a proxy.
  [[nodiscard]] result<void> start(const transfer_options& o, steady_time now);
  /// Takes the transfer out of the multi; `take` then returns `reason`.
  void abort(error_code reason);
  void finished(CURLcode code) override;

  /// Expires at the deadline; is cancelled when the transfer is finished or aborted.
  [[nodiscard]] asio::steady_timer& wake() { return wake_; }
  [[nodiscard]] bool is_done() const { return done_; }
  /// The result. Once, when it is done.
  [[nodiscard]] result<response> take();

 private:
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static CURLcode on_tls(CURL* easy, void* context, void* self);

  void set_place();
  void set_verb();
  void set_tls();
  void set_policy(const transfer_options& o, steady_time now);
  bool accept_header(std::string_view line);
  bool accept_body(std::string_view data);
  [[nodiscard]] bool is_success() const;
  [[nodiscard]] bool is_from_public_network() const;
  [[nodiscard]] std::string_view phase() const;
  // For messages: the endpoint, and the proxy where there is one.
  [[nodiscard]] std::string place() const;
  [[nodiscard]] error failure() const;

  curl_multi& multi_;
  transfer_rules rules_;
  request request_;
  endpoint to_;
  deadline deadline_;
  asio::steady_timer wake_;
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
  header_lines headers_;
  header_lines connect_to_;
  char detail_[CURL_ERROR_SIZE] = {};

  bool is_in_multi_ = false;
  bool done_ = false;
  CURLcode code_ = CURLE_OK;
  std::optional<error_code> aborted_;
  std::string crossed_;           // the exceeded limit, as text
  std::optional<error> refused_;  // of the first address that the guard refused
  bool opened_any_ = false;
  std::size_t header_bytes_ = 0;
  std::size_t header_lines_ = 0;
  bool has_whole_head_ = false;
  response response_;
};

}  // namespace pinhook::http
