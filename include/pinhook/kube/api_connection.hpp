// The connection to the API server of a cluster: address, credentials, retries, and the errors of refusals.
//
//   http::curl_client direct(io, {.guards_addresses = false});   // the operator names the API server
//   kube::api_connection to(direct, cluster, machine_processes(), io.get_executor(), machine_clock());
//   kube::api_call call{.attributes = {"get", "secrets", "shop", "pull"}};
//   const auto answer = co_await to.ask(std::move(call), d);
//
// After a 401 the credentials are renewed (the token file is read again, the plugin runs again) and the request is sent
// once more; after 429, 5xx and broken connections it is sent once more when the deadline has room for it, so a write
// must be safe to arrive twice. Redirects are never followed.
//
// Thread rule: one thread, that of the executor and of the HTTP client. Must outlive its requests.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/http/client.hpp>
#include <pinhook/kube/api_error.hpp>
#include <pinhook/kube/api_objects.hpp>
#include <pinhook/kube/cluster.hpp>
#include <pinhook/kube/login.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::kube {

/// One request to the API.
struct api_call {
  request_attributes attributes;
  http::method verb = http::method::get;
  /// The query behind the '?', encoded.
  std::string query = {};
  /// The media type of the body: "application/json".
  std::string content_type = {};
  std::optional<secret> body = std::nullopt;
  /// A 409 is an answer and not an error: another writer was faster.
  bool takes_conflict = false;
  /// A 410 is an answer and not an error: the place where a list was to continue is forgotten.
  bool takes_gone = false;
  /// A 404 is an answer and not an error: there is no such object, or no such kind.
  bool takes_missing = false;
  /// Limit in bytes of the answer.
  std::size_t most = max_object_size;
  /// As http::request::on_body; the request is sent once then, since a part of its answer may have been taken.
  std::function<bool(std::string_view piece)> on_body = nullptr;
  /// As http::request::stall_time.
  std::optional<std::chrono::seconds> stall_time = std::nullopt;
};

/// A 2xx, or a 404, 409 or 410 where the call takes one.
struct api_answer {
  int status = 0;
  secret body;

  [[nodiscard]] bool is_conflict() const { return status == 409; }
  [[nodiscard]] bool is_gone() const { return status == 410; }
  [[nodiscard]] bool is_missing() const { return status == 404; }
};

class api_connection {
 public:
  /// `http`, `processes` and `time` must outlive this object.
  api_connection(http::client& http, cluster where, process_runner& processes, asio::any_io_executor on,
                 const clock& time, login_options login = {}, wait_seams seams = {});

  /// Errors: those of kube::api. Messages begin with "Kubernetes API: " and the request.
  awaitable<result<api_answer>> ask(api_call call, deadline d);

  [[nodiscard]] const cluster& where() const { return *where_; }

 private:
  awaitable<result<http::response>> send(http::request r, deadline d);
  [[nodiscard]] http::request request_for(const api_call& call) const;

  http::client& http_;
  std::shared_ptr<const cluster> where_;
  const clock& time_;
  wait_seams seams_;
  login login_;
};

/// "Kubernetes API: get secrets shop/pull: …"
[[nodiscard]] std::unexpected<error> refuse(error e, const request_attributes& attributes);

/// The answer, parsed; its errors name the request.
template <class T>
[[nodiscard]] result<T> read_answer(result<api_answer> answer, const request_attributes& attributes,
                                    result<T> (*parse)(std::string_view)) {
  if (!answer) return fail(std::move(answer.error()));
  auto out = parse(answer->body.reveal());
  if (!out) return refuse(std::move(out.error()), attributes);
  return out;
}

}  // namespace pinhook::kube
