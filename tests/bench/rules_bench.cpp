// The cost of image rules for a request, beside the yardstick: writing the request's answer into its TLS connection. A
// thousand rules should be asked in less than that takes, for each of an object's images.
#include "support/certificates.hpp"

#include <pinhook/admission/review.hpp>
#include <pinhook/rules/judge.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace pinhook;

// The yardstick: TLS 1.3 on a loopback connection, whose other end reads everything at once in its own thread.

struct ssl_deleter {
  void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
  void operator()(SSL* s) const { SSL_free(s); }
};
using context_pointer = std::unique_ptr<SSL_CTX, ssl_deleter>;
using ssl_pointer = std::unique_ptr<SSL, ssl_deleter>;

struct socket_pair {
  int client = -1, server = -1;

  socket_pair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    client = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::bind(listener, address, size) == 0 && ::listen(listener, 1) == 0 &&
        ::getsockname(listener, address, &size) == 0 && ::connect(client, address, size) == 0)
      server = ::accept(listener, nullptr, nullptr);
    const int on = 1;
    ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::close(listener);
  }
  ~socket_pair() {
    ::close(client);
    ::close(server);
  }
  socket_pair(const socket_pair&) = delete;
  socket_pair& operator=(const socket_pair&) = delete;
};

class tls_connection {
 public:
  tls_connection() {
    const testing::temporary_directory dir;
    const testing::key_pair leaf = testing::certificate_authority().issue();
    server_context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_min_proto_version(server_context_.get(), TLS1_3_VERSION);
    SSL_CTX_use_certificate_file(server_context_.get(), dir.write("tls.crt", leaf.certificate).c_str(),
                                 SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(server_context_.get(), dir.write("tls.key", leaf.key).c_str(), SSL_FILETYPE_PEM);
    client_context_.reset(SSL_CTX_new(TLS_client_method()));
    server_.reset(SSL_new(server_context_.get()));
    SSL_set_fd(server_.get(), sockets_.server);
    reader_ = std::thread([this] {
      const ssl_pointer client(SSL_new(client_context_.get()));
      SSL_set_fd(client.get(), sockets_.client);
      if (SSL_connect(client.get()) != 1) return;
      std::vector<char> buffer(1 << 16);
      while (SSL_read(client.get(), buffer.data(), static_cast<int>(buffer.size())) > 0) continue;
    });
    is_open_ = SSL_accept(server_.get()) == 1;
  }
  ~tls_connection() {
    ::shutdown(sockets_.server, SHUT_RDWR);
    reader_.join();
  }
  tls_connection(const tls_connection&) = delete;
  tls_connection& operator=(const tls_connection&) = delete;

  [[nodiscard]] bool is_open() const { return is_open_; }
  bool write(const std::string& text) {
    return SSL_write(server_.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
  }

 private:
  socket_pair sockets_;
  context_pointer server_context_, client_context_;
  ssl_pointer server_;
  std::thread reader_;
  bool is_open_ = false;
};

const std::string digest = "sha256:" + std::string(64, 'b');

/// The answer that pins so many images.
std::string answer_of(std::size_t images) {
  admission::answer a;
  a.patch = "[";
  for (std::size_t i = 0; i < images; ++i)
    a.patch +=
        fmt::format(R"({}{{"op":"replace","path":"/spec/template/spec/containers/{}/image","value":"nginx@{}"}})",
                    i == 0 ? "" : ",", i, digest);
  a.patch += "]";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" +
         admission::encode_review("705ab4f5-6393-11e8-b7cc-42010a800002", a);
}

void tls_write(benchmark::State& state) {
  tls_connection connection;
  const std::string text = answer_of(static_cast<std::size_t>(state.range(0)));
  if (!connection.is_open()) state.SkipWithError("no TLS connection");
  for (auto _ : state)
    if (!connection.write(text)) state.SkipWithError("not written");
  state.counters["bytes"] = static_cast<double>(text.size());
}
// One image, and some 7 KB.
BENCHMARK(tls_write)->ArgName("images")->Arg(1)->Arg(32);

// The rules.

enum class mix { exact, begins, ends, tags, namespaces, all_of_these, parts_of_names, namespace_begins };

rules::rule rule_of(mix m, int i) {
  rules::rule out;
  out.name = fmt::format("r{}", i);
  const auto image = [&](std::string text) {
    out.about.images.push_back(rules::reference_pattern::parse(text).value());
  };
  switch (m) {
    case mix::exact:
      image(fmt::format("ghcr.io/team-{}/service-{}", i % 40, i));
      break;
    case mix::begins:
      image(fmt::format("ghcr.io/team-{}/area-{}/**", i % 40, i));
      break;
    case mix::ends:
      image(fmt::format("**/vendor-{}/agent", i));
      break;
    case mix::tags:
      image(fmt::format("*:build-{}", i));
      break;
    case mix::namespaces:
      out.about.namespaces = {fmt::format("team-{}", i)};
      break;
    case mix::all_of_these:
      return rule_of(static_cast<mix>(i % 5), i);
    case mix::parts_of_names:
      image(fmt::format("**svc-{}-**", i));
      break;
    case mix::namespace_begins:
      out.about.namespaces = {fmt::format("team-{}-*", i)};
      break;
  }
  switch (i % 4) {
    case 0:
      out.pin = pin::pin_order::never;
      break;
    case 1:
      out.format = pin::pin_format::tag_and_digest;
      break;
    case 2:
      out.demands.push_back({rules::requirement::tag, {}});
      out.action = rules::action::warn;
      break;
    default:
      out.demands.push_back({rules::requirement::not_latest, {}});
      out.action = rules::action::deny;
  }
  return out;
}

/// A thousand, the last of which is for all images and requires tags and digests, as presets at the end do.
std::vector<rules::rule> thousand(mix m) {
  std::vector<rules::rule> out;
  for (int i = 0; i < 997; ++i) out.push_back(rule_of(m, i));
  rules::rule preset;
  preset.preset = "strict";
  out.push_back(preset);
  return out;
}

const std::vector<registry::reference>& images() {
  static const std::vector<registry::reference> all{
      registry::reference::parse("ghcr.io/team-7/area-7/service-42:build-23").value(),
      registry::reference::parse("nginx").value(),
      registry::reference::parse("registry.example.com:5000/mirror/vendor-12/agent:v1.2.3").value()};
  return all;
}

rules::subject subject_of(std::size_t i) {
  return {&images()[i], "team-14", "apps", "Deployment", "web", pin::container_type::container};
}

void effects(benchmark::State& state) {
  const auto set = rules::rule_set::make(thousand(static_cast<mix>(state.range(0))));
  if (!set) return state.SkipWithError(set.error().message.c_str());
  const auto slots = static_cast<std::size_t>(state.range(1));
  for (auto _ : state)
    for (std::size_t i = 0; i < slots; ++i) benchmark::DoNotOptimize(set->effects_of(subject_of(i)));
}
BENCHMARK(effects)->ArgNames({"mix", "slots"})->ArgsProduct({{0, 1, 2, 3, 4, 5, 6, 7}, {1, 3}});

// The whole cost of rules for a request: their effects, their format and pin settings, and the findings of each image.
void judgement(benchmark::State& state) {
  const auto set = rules::rule_set::make(thousand(static_cast<mix>(state.range(0))));
  if (!set) return state.SkipWithError(set.error().message.c_str());
  for (auto _ : state)
    for (std::size_t i = 0; i < images().size(); ++i) {
      const rules::effects e = set->effects_of(subject_of(i));
      benchmark::DoNotOptimize(set->order_of(e));
      rules::image_state image;
      image.ref = &images()[i];
      image.has_digest = state.range(1) != 0;
      benchmark::DoNotOptimize(rules::judge(*set, e, image));
    }
}
BENCHMARK(judgement)->ArgNames({"mix", "pinned"})->ArgsProduct({{5}, {0, 1}});

// At start and on a reload: patterns read, rules indexed, each compared with those before it.
void made(benchmark::State& state) {
  const std::vector<rules::rule> written = thousand(static_cast<mix>(state.range(0)));
  for (auto _ : state) {
    auto copy = written;
    benchmark::DoNotOptimize(rules::rule_set::make(std::move(copy)).has_value());
  }
}
BENCHMARK(made)->ArgName("mix")->DenseRange(0, 7)->Unit(benchmark::kMillisecond);

void patterns_parsed(benchmark::State& state) {
  for (auto _ : state)
    for (int i = 0; i < 1000; ++i)
      benchmark::DoNotOptimize(
          rules::reference_pattern::parse(i % 2 == 0 ? "**/vendor/agent:v1.*" : "ghcr.io/team/area/**").has_value());
}
BENCHMARK(patterns_parsed)->Unit(benchmark::kMillisecond);

}  // namespace
