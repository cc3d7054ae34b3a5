#include "support/api_rules.hpp"
#include "support/api_server_answers.hpp"
#include "support/fake_api_server.hpp"
#include "support/token_server.hpp"
#include "support/written_objects.hpp"

#include <pinhook/base/async.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/core.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace pinhook::testing {
namespace {

namespace beast = boost::beast;
using asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket>;

std::string common_name_of(SSL* ssl) {
  X509* shown = SSL_get1_peer_certificate(ssl);
  if (shown == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name.data(), static_cast<int>(name.size()));
  X509_free(shown);
  return name.data();
}

}  // namespace

struct fake_api_server::state {
  struct fault {
    api_answer instead;
    int left = -1;  // -1: until `heal`
  };
  // The client of a connection.
  struct peer {
    std::string name;
    bool is_trusted = false;
  };

  explicit state(const api_server_options& o)
      : token(o.token), tokens{o.token}, acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    const auto leaf = authority.issue(o.certificate);
    tls.use_certificate_chain(asio::buffer(leaf.certificate));
    tls.use_private_key(asio::buffer(leaf.key), asio::ssl::context::pem);
    // As the real one: a certificate is requested, and a wrong one gives a 401 and not a failed handshake.
    tls.add_certificate_authority(asio::buffer(clients.certificate()));
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback([](bool, asio::ssl::verify_context&) { return true; });
    SSL_CTX_set_purpose(tls.native_handle(), X509_PURPOSE_ANY);
    SSL_CTX_set_session_cache_mode(tls.native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(tls.native_handle(), SSL_OP_NO_TICKET);
    ca_file = files.write("ca.crt", authority.certificate());
    port = acceptor.local_endpoint().port();
    spawn(accept());
    thread = std::thread([this] { io.run(); });
  }
  ~state() {
    io.stop();
    thread.join();
  }

  void spawn(awaitable<void> work) {
    asio::co_spawn(io, std::move(work), [](std::exception_ptr) {});
  }

  awaitable<void> accept() {
    for (;;) {
      tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
      spawn(serve(std::move(socket)));
    }
  }

  awaitable<void> serve(tcp::socket socket) {
    tls_stream stream(std::move(socket), tls);
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    SSL* ssl = stream.native_handle();
    const peer client{common_name_of(ssl), SSL_get_verify_result(ssl) == X509_V_OK};
    beast::flat_buffer buffer;
    for (;;) {
      beast::http::request<beast::http::string_body> request;
      co_await beast::http::async_read(stream, buffer, request, asio::use_awaitable);
      const std::size_t number = record(request, client);
      if (hangs(std::string(request.target()))) co_await released();
      const api_answer a = decide(request, client, number);
      beast::http::response<beast::http::string_body> response;
      response.result(a.status);
      response.set(beast::http::field::content_type, "application/json");
      for (const auto& [name, value] : a.headers) response.set(name, value);
      response.body() = a.body;
      response.prepare_payload();
      co_await beast::http::async_write(stream, response, asio::use_awaitable);
    }
  }

  std::size_t record(const beast::http::request<beast::http::string_body>& r, const peer& client) {
    const std::lock_guard hold(mutex);
    received.push_back({std::string(r.method_string()), std::string(r.target()),
                        std::string(r[beast::http::field::authorization]), std::string(r[beast::http::field::accept]),
                        r.body(), client.name});
    arrived.notify_all();
    return received.size() + forgotten - 1;
  }

  bool hangs(const std::string& path) {
    const std::lock_guard hold(mutex);
    return hanging.contains(path) || hanging.contains("");
  }

  awaitable<void> released() {
    const auto place = waiting.emplace(waiting.end(), io, asio::steady_timer::time_point::max());
    const auto token_of_wait = asio::as_tuple(asio::use_awaitable);
    co_await place->async_wait(token_of_wait);
    waiting.erase(place);
  }

  api_answer decide(const beast::http::request<beast::http::string_body>& r, const peer& client, std::size_t number) {
    const std::lock_guard hold(mutex);
    const std::string path(r.target());
    api_answer out = fault_at(path).value_or(api_answer{0, "", {}});
    if (out.status == 0) out = answer_to(r, path, client);
    if (number >= forgotten) received[number - forgotten].status = out.status;
    return out;
  }

  // From here on functions are called with the mutex held.
  std::optional<api_answer> fault_at(const std::string& path) {
    auto found = faults.find(path);
    if (found == faults.end()) found = faults.find("");
    if (found == faults.end()) return std::nullopt;
    api_answer out = found->second.instead;
    if (found->second.left > 0 && --found->second.left == 0) faults.erase(found);
    return out;
  }

  bool knows(const std::string& authorization, const peer& client) const {
    if (client.is_trusted && !client.name.empty()) return true;
    return std::ranges::any_of(tokens, [&](const std::string& one) {
      return authorization == "Bearer " + one || authorization == "Basic " + base64(one);
    });
  }

  api_answer answer_to(const beast::http::request<beast::http::string_body>& r, const std::string& path,
                       const peer& client) {
    if (!knows(std::string(r[beast::http::field::authorization]), client))
      return status_object(401, "Unauthorized", "Unauthorized");
    if (auto listed = lists.answer(std::string(r.method_string()), path, rules)) return *listed;
    const api_target t = parse_api_target(std::string(r.method_string()), path);
    if (t.verb.empty()) return status_object(404, "NotFound", "the server could not find the requested resource");
    if (!rules.allows(t.verb, t)) return api_rules::forbidden(t.verb, t);
    if (t.resource == "namespaces") {
      const auto set = namespaces.find(t.name);
      const std::optional<std::string> mode = set == namespaces.end() ? "enforce" : set->second;
      if (!mode) return status_object(404, "NotFound", fmt::format("namespaces \"{}\" not found", t.name));
      return {200, namespace_json(t.name, *mode), {}};
    }
    const bool is_written = t.resource == "secrets" || !t.group.empty();
    // A patch that creates an object counts as a creation, too.
    if (t.resource == "secrets" && t.verb == "patch" && !objects.has(t) && !rules.allows("create", t))
      return api_rules::forbidden("create", t);
    if (is_written)
      return t.verb == "get" ? objects.get(t)
                             : objects.patch(t, std::string(r[beast::http::field::content_type]), r.body());
    const auto found = accounts.find({t.ns, t.name});
    if (found == accounts.end())
      return status_object(404, "NotFound", fmt::format("serviceaccounts \"{}\" not found", t.name));
    if (t.verb == "get") return {200, found->second, {}};
    api_answer out = token_answer(fmt::format("token-{}-of-{}-{}", given + 1, t.ns, t.name), r.body());
    if (out.status == 201) ++given;
    return out;
  }

  certificate_authority authority{"cluster authority"};
  certificate_authority clients{"cluster client authority"};
  temporary_directory files;
  std::string ca_file;
  const std::string token;
  std::uint16_t port = 0;

  mutable std::mutex mutex;  // guards the members below
  mutable std::condition_variable arrived;
  written_objects objects;
  object_lists lists;
  std::map<std::string, std::optional<std::string>> namespaces;
  std::map<std::pair<std::string, std::string>, std::string> accounts;  // (namespace, name) → JSON
  api_rules rules;
  std::vector<std::string> tokens;
  std::map<std::string, fault> faults;
  std::set<std::string> hanging;
  std::vector<api_request> received;
  std::size_t forgotten = 0;  // requests that are no longer in `received`
  std::size_t given = 0;

  // Used by the server's thread alone.
  asio::io_context io{1};
  std::list<asio::steady_timer> waiting;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  tcp::acceptor acceptor;
  std::thread thread;
};

fake_api_server::fake_api_server(const api_server_options& o) : state_(std::make_unique<state>(o)) {}
fake_api_server::~fake_api_server() = default;

void fake_api_server::set_secret(const std::string& ns, const std::string& name, const std::string& type,
                                 const std::map<std::string, std::string>& data) {
  const std::lock_guard hold(state_->mutex);
  state_->objects.set_secret(ns, name, type, data);
}

void fake_api_server::set_pull_secret(const std::string& ns, const std::string& name,
                                      const std::string& docker_config) {
  set_secret(ns, name, "kubernetes.io/dockerconfigjson", {{".dockerconfigjson", docker_config}});
}

void fake_api_server::remove_secret(const std::string& ns, const std::string& name) {
  const std::lock_guard hold(state_->mutex);
  state_->objects.remove_secret(ns, name);
}

void fake_api_server::set_service_account(const std::string& ns, const std::string& name,
                                          const std::vector<std::string>& image_pull_secrets,
                                          const std::map<std::string, std::string>& annotations) {
  const std::lock_guard hold(state_->mutex);
  state_->accounts.insert_or_assign({ns, name}, service_account_json(ns, name, image_pull_secrets, annotations));
}

void fake_api_server::set_namespace(const std::string& name, std::optional<std::string> mode) {
  const std::lock_guard hold(state_->mutex);
  state_->namespaces.insert_or_assign(name, std::move(mode));
}

void fake_api_server::remove_service_account(const std::string& ns, const std::string& name) {
  const std::lock_guard hold(state_->mutex);
  state_->accounts.erase({ns, name});
}

void fake_api_server::set_list(const object_lists::resource& of, const std::string& ns,
                               std::vector<std::string> objects) {
  const std::lock_guard hold(state_->mutex);
  state_->lists.set(of, ns, std::move(objects));
}

void fake_api_server::set_namespaces(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> objects;
  for (const auto& [name, label] : labels)
    objects.push_back(
        fmt::format(R"({{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":"{}","labels":{{{}}}}}}})", name,
                    label.empty() ? "" : fmt::format(R"("pinhook.dev/pin":"{}")", label)));
  set_list({"/api/v1", "namespaces", "Namespace", false}, "", std::move(objects));
}

void fake_api_server::expire_lists(int count) {
  const std::lock_guard hold(state_->mutex);
  state_->lists.expire(count);
}

void fake_api_server::allow_lists(const std::vector<std::string>& resources) {
  const std::lock_guard hold(state_->mutex);
  for (const auto& one : resources) state_->rules.allow("list", one, "*", "*");
}

std::optional<std::map<std::string, std::string>> fake_api_server::secret(const std::string& ns,
                                                                          const std::string& name) const {
  const std::lock_guard hold(state_->mutex);
  return state_->objects.secret(ns, name);
}

void fake_api_server::set_registration(const std::string& name, std::vector<kube::webhook_entry> webhooks) {
  const std::lock_guard hold(state_->mutex);
  state_->objects.set_registration(name, std::move(webhooks));
}

void fake_api_server::remove_registration(const std::string& name) {
  const std::lock_guard hold(state_->mutex);
  state_->objects.remove_registration(name);
}

std::optional<kube::webhook_registration> fake_api_server::registration(const std::string& name) const {
  const std::lock_guard hold(state_->mutex);
  return state_->objects.registration(name);
}

void fake_api_server::allow(const std::string& verb, const std::string& resource, const std::string& ns,
                            const std::string& name) {
  const std::lock_guard hold(state_->mutex);
  state_->rules.allow(verb, resource, ns, name);
}

void fake_api_server::allow_all() {
  const std::lock_guard hold(state_->mutex);
  state_->rules.allow_pull_secrets();
}

void fake_api_server::allow_serving_certificate() {
  const std::lock_guard hold(state_->mutex);
  state_->rules.allow_serving_certificate();
}

void fake_api_server::forbid(const std::string& verb, const std::string& resource, const std::string& ns,
                             const std::string& name) {
  const std::lock_guard hold(state_->mutex);
  state_->rules.forbid(verb, resource, ns, name);
}

void fake_api_server::accept_tokens(std::vector<std::string> tokens) {
  const std::lock_guard hold(state_->mutex);
  state_->tokens = std::move(tokens);
}

key_pair fake_api_server::issue_client(const std::string& common_name) const {
  leaf_options o;
  o.common_name = common_name;
  return state_->clients.issue(o);
}

void fake_api_server::fail(const std::string& path, unsigned status, const std::string& body,
                           const std::map<std::string, std::string>& headers) {
  fail_times(-1, path, status, body, headers);
}

void fake_api_server::fail_times(int count, const std::string& path, unsigned status, const std::string& body,
                                 const std::map<std::string, std::string>& headers) {
  const std::lock_guard hold(state_->mutex);
  state_->faults.insert_or_assign(path, state::fault{{status, body, headers}, count});
}

void fake_api_server::hang(const std::string& path) {
  const std::lock_guard hold(state_->mutex);
  state_->hanging.insert(path);
}

void fake_api_server::release() {
  {
    const std::lock_guard hold(state_->mutex);
    state_->hanging.clear();
  }
  asio::post(state_->io, [s = state_.get()] {
    for (auto& timer : s->waiting) timer.cancel();
  });
}

void fake_api_server::heal() {
  {
    const std::lock_guard hold(state_->mutex);
    state_->faults.clear();
  }
  release();
}

std::vector<api_request> fake_api_server::requests() const {
  const std::lock_guard hold(state_->mutex);
  return state_->received;
}

std::size_t fake_api_server::requests(const std::string& path) const {
  const std::lock_guard hold(state_->mutex);
  return static_cast<std::size_t>(
      std::ranges::count_if(state_->received, [&](const api_request& r) { return r.path == path; }));
}

void fake_api_server::forget_requests() {
  const std::lock_guard hold(state_->mutex);
  state_->forgotten += state_->received.size();
  state_->received.clear();
}

bool fake_api_server::wait_for_requests(const std::string& path, std::size_t count) const {
  std::unique_lock hold(state_->mutex);
  return state_->arrived.wait_for(hold, std::chrono::seconds(30), [&] {
    const auto came =
        std::ranges::count_if(state_->received, [&](const api_request& r) { return path.empty() || r.path == path; });
    return static_cast<std::size_t>(came) >= count;
  });
}

std::size_t fake_api_server::tokens_given() const {
  const std::lock_guard hold(state_->mutex);
  return state_->given;
}

std::uint16_t fake_api_server::port() const { return state_->port; }
std::string fake_api_server::url() const { return "https://127.0.0.1:" + std::to_string(port()); }
std::string fake_api_server::ca_file() const { return state_->ca_file; }
const std::string& fake_api_server::ca() const { return state_->authority.certificate(); }

std::string fake_api_server::write_kubeconfig(const std::filesystem::path& directory, const std::string& user) const {
  const auto file = directory / "kubeconfig";
  std::ofstream out(file);
  out << "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
      << "contexts:\n- name: test\n  context: {cluster: fake, user: tester}\n"
      << "clusters:\n- name: fake\n  cluster:\n    server: " << url()
      << "\n    certificate-authority-data: " << base64(ca()) << "\n"
      << "users:\n- name: tester\n  user:\n"
      << (user.empty() ? "    token: " + state_->token + "\n" : user);
  return file;
}

void fake_api_server::write_in_cluster(const std::filesystem::path& folder, const std::string& ns) const {
  std::filesystem::create_directories(folder);
  write_token(folder, state_->token);
  std::ofstream(folder / "ca.crt") << ca();
  std::ofstream(folder / "namespace") << ns;
}

void fake_api_server::write_token(const std::filesystem::path& folder, const std::string& token) {
  const auto partial = folder / "token.partial";
  std::ofstream(partial) << token;
  std::filesystem::rename(partial, folder / "token");
}

std::map<std::string, std::string, std::less<>> fake_api_server::in_cluster_variables() const {
  return {{"KUBERNETES_SERVICE_HOST", "127.0.0.1"}, {"KUBERNETES_SERVICE_PORT", std::to_string(port())}};
}

}  // namespace pinhook::testing
