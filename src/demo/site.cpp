#include <pinhook/demo/site.hpp>

#include <pinhook/http/curl_client.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/server.hpp>
#include <pinhook/webhook/webhook.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

namespace pinhook::demo {
namespace {

const std::vector<server::route> registry_routes{{"GET", "/v2/*", "", 0}};

// As in a configuration file: - {name: versions, containers: [api], require: [tag, not-latest], action: deny}
rules::rule demo_rule() {
  rules::rule out;
  out.name = "versions";
  out.about.containers = {"api"};
  out.demands = {{rules::requirement::tag, {}}, {rules::requirement::not_latest, {}}};
  out.action = rules::action::deny;
  return out;
}

// Every tag is looked up each time, so that a moved one is found at once.
config::settings demo_settings(const std::string& registry) {
  config::settings s;
  s.registries[registry] = {};
  s.pull_secrets.mode = config::switch_state::off;
  s.clouds.clear();
  const auto loopback = boost::asio::ip::address_v4::loopback();
  s.listen = {loopback, 0};
  s.admin_listen = {loopback, 0};
  s.threads = 1;
  s.own_namespace = "pinhook";
  s.rules = rules::rule_set().followed_by({demo_rule()});
  s.cache.ttl = std::chrono::nanoseconds(0);
  s.cache.negative_ttl = std::chrono::nanoseconds(0);
  s.cache.stale_for = std::chrono::nanoseconds(0);
  s.shutdown.delay = std::chrono::nanoseconds(0);
  s.shutdown.limit = std::chrono::seconds(2);
  return s;
}

server::server_options registry_options() {
  server::server_options out;
  out.name = "registry";
  out.listen = "127.0.0.1:0";
  return out;
}

// Runs a coroutine that has no value to its end.
void run_on(asio::io_context& io, awaitable<void> work) {
  std::exception_ptr thrown;
  bool done = false;
  asio::co_spawn(io, std::move(work), [&](std::exception_ptr e) {
    thrown = std::move(e);
    done = true;
  });
  io.restart();
  while (!done && io.run_one() != 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

scratch_folder::scratch_folder() : path_((std::filesystem::temp_directory_path() / "pinhook-demo-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr) path_.clear();
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

result<std::string> scratch_folder::write(std::string_view name, std::string_view content) const {
  const std::string file = path_ + '/' + std::string(name);
  std::ofstream out(file, std::ios::binary);
  out << content;
  out.close();
  if (path_.empty() || !out)
    return fail(error_code::unavailable,
                fmt::format("cannot write {}; is there a directory for temporary files?", file));
  return file;
}

struct site::parts {
  parts()
      : registry_server(control, {&control}, registry_options(),
                        {registry_routes,
                         {[this](server::request r) -> awaitable<server::response> { co_return images.answer(r); }}},
                        registry_numbers),
        client(own) {}

  awaitable<void> stop_serving() {
    co_await hook->stop();
    co_await registry_server.stop(std::chrono::milliseconds(0));
  }

  scratch_folder folder;
  std::string ca_file;
  std::string registry_name;
  embedded_registry images;
  std::uint64_t reviews = 0;

  // The serving side: its thread runs `control`.
  asio::io_context control{1};
  server::metrics registry_numbers;
  server::server registry_server;
  std::optional<webhook::webhook> hook;  // once the registry's port is known
  std::thread serving;

  // The client side, on the thread of the caller.
  asio::io_context own{1};
  http::curl_client client;
};

site::site() : parts_(std::make_unique<parts>()) {}

site::~site() {
  parts& p = *parts_;
  if (!p.serving.joinable()) return;
  asio::co_spawn(p.control, p.stop_serving(), [&p](const std::exception_ptr&) { p.control.stop(); });
  p.serving.join();
}

result<void> site::start() {
  parts& p = *parts_;
  const clock& time = machine_clock();
  const auto authority = make_authority({.common_name = "pinhook demo authority"}, time);
  if (!authority) return fail(authority.error());
  auto leaf =
      make_leaf(*authority,
                {.common_name = "pinhook", .dns_names = {std::string(service_name)}, .addresses = {"127.0.0.1"}}, time);
  if (!leaf) return fail(leaf.error());
  const auto file = p.folder.write("ca.pem", authority->certificate);
  if (!file) return fail(file.error());
  p.ca_file = *file;

  if (auto ok = p.registry_server.start(); !ok) return fail(std::move(ok.error()).at("registry"));
  p.registry_name = fmt::format("127.0.0.1:{}", p.registry_server.port());
  p.hook.emplace(p.control, demo_settings(p.registry_name), environment());
  if (auto ok = p.hook->start(std::move(*leaf)); !ok) return ok;
  p.serving = std::thread([&p] { p.control.run(); });

  // The first connection initializes TLS, so that the times shown later are those of requests.
  http::request r;
  r.url = fmt::format("https://127.0.0.1:{}/", webhook_port());
  r.reach.loopback = true;
  r.tls = http::trusting(p.ca_file);
  if (const auto hello = send(std::move(r)); !hello) return fail(hello.error().at("the webhook does not answer"));
  return {};
}

const std::string& site::registry_name() const { return parts_->registry_name; }
embedded_registry& site::images() { return parts_->images; }
std::uint16_t site::webhook_port() const { return parts_->hook->listens_at().port; }
const std::string& site::ca_file() const { return parts_->ca_file; }
const scratch_folder& site::folder() const { return parts_->folder; }

result<http::response> site::send(http::request r) {
  std::optional<result<http::response>> out;
  const auto d = deadline::after(machine_clock().now(), std::chrono::seconds(15));
  auto ask = [](http::client& client, http::request request, deadline until,
                std::optional<result<http::response>>& answer) -> awaitable<void> {
    answer.emplace(co_await client.send(std::move(request), until));
  };
  run_on(parts_->own, ask(parts_->client, std::move(r), d, out));
  if (!out) return fail(error_code::internal, "a request ended without an answer");
  return std::move(*out);
}

result<admission_trip> site::admit(pin::mode mode, std::string_view object, std::string_view old) {
  const std::string uid = fmt::format("00000000-0000-4000-8000-{:012}", ++parts_->reviews);
  http::request r;
  r.verb = http::method::post;
  // An API server sends its time limit.
  r.url = fmt::format("https://127.0.0.1:{}/v1/pin/{}?timeout=10s", webhook_port(), to_string(mode));
  r.headers.push_back({"Content-Type", "application/json"});
  r.body = secret(make_review(uid, object, old));
  r.limits.body = std::size_t{1024} * 1024;
  r.reach.loopback = true;
  r.tls = http::trusting(ca_file());
  const auto begun = machine_clock().now();
  const auto response = send(std::move(r));
  const auto took = machine_clock().now() - begun;
  if (!response) return fail(response.error());
  if (response->status != 200)
    return fail(error_code::malformed,
                fmt::format("the webhook answered {}: {}", response->status, pinhook::quoted(response->body)));
  auto answer = read_answer(response->body, uid, object);
  if (!answer) return fail(std::move(answer.error()));
  return admission_trip{std::move(*answer), took};
}

result<std::string> site::digest_of(std::string_view repository, std::string_view tag) {
  http::request r;
  r.verb = http::method::head;
  r.url = fmt::format("http://{}/v2/{}/manifests/{}", registry_name(), repository, tag);
  r.reach.loopback = true;
  const auto response = send(std::move(r));
  if (!response) return fail(response.error());
  const auto digest = http::find_header(response->headers, "Docker-Content-Digest");
  if (response->status != 200 || !digest)
    return fail(error_code::malformed,
                fmt::format("the registry answered {} for {}:{}", response->status, repository, tag));
  return std::string(*digest);
}

void site::wait_for_signal() {
  asio::io_context io(1);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([](const boost::system::error_code&, int) {});
  io.run();
}

}  // namespace pinhook::demo
