#include "e2e/serving_secret.hpp"

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>

namespace pinhook::e2e {
namespace {

constexpr const char* secret_name = "pinhook-serving-certificate";

std::string must(const command_result& r) {
  if (r.exit_code != 0) throw std::runtime_error("kubectl: " + r.errors);
  return r.output;
}

std::string decoded(const json::value& object, std::string_view key) {
  return decode_base64(json::find_string(object, key).value_or("")).value_or("");
}

}  // namespace

std::map<std::string, std::string> read_serving_secret(const control_plane& plane) {
  const auto read =
      must(plane.kubectl({"get", "secret", secret_name, "-n", "pinhook", "--ignore-not-found", "-o", "json"}));
  std::map<std::string, std::string> out;
  const auto object = json::parse(read);
  const auto* data = object ? json::find(*object, "data") : nullptr;
  if (data == nullptr) return out;
  for (const char* key : {"ca.crt", "ca.key", "tls.crt", "tls.key"}) out[key] = decoded(*data, key);
  return out;
}

void write_serving_secret(const control_plane& plane, const std::map<std::string, std::string>& data) {
  must(plane.kubectl({"delete", "secret", secret_name, "-n", "pinhook", "--ignore-not-found"}));
  std::string text;
  for (const auto& [key, value] : data)
    text += fmt::format(R"({}"{}":"{}")", text.empty() ? "" : ",", key, encode_base64(value));
  must(plane.kubectl(
      {"create", "-f", "-"},
      fmt::format(
          R"({{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{}","namespace":"pinhook"}},"data":{{{}}}}})",
          secret_name, text)));
}

std::vector<std::string> read_bundles(const control_plane& plane) {
  const auto object =
      json::parse(must(plane.kubectl({"get", "mutatingwebhookconfiguration", "pinhook", "-o", "json"})));
  std::vector<std::string> out;
  const auto* entries = object ? json::find(*object, "webhooks") : nullptr;
  if (entries == nullptr || !entries->IsArray()) return out;
  for (const auto& one : entries->GetArray()) {
    const auto* config = json::find(one, "clientConfig");
    out.push_back(config == nullptr ? "" : decoded(*config, "caBundle"));
  }
  return out;
}

void write_bundles(const control_plane& plane, const std::string& bundle) {
  std::string patch;
  for (int i = 0; i < 3; ++i)
    patch += fmt::format(R"({}{{"op":"add","path":"/webhooks/{}/clientConfig/caBundle","value":"{}"}})",
                         i == 0 ? "" : ",", i, encode_base64(bundle));
  must(
      plane.kubectl({"patch", "mutatingwebhookconfiguration", "pinhook", "--type=json", "--patch", "[" + patch + "]"}));
}

std::optional<x509_certificate> shown_certificate(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::unique_ptr<const int, void (*)(const int*)> closes(&fd, [](const int* f) { ::close(*f); });
  const timeval limit{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return std::nullopt;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(tls.get(), fd);
  if (SSL_connect(tls.get()) != 1) return std::nullopt;
  const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(tls.get()), &X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
  if (!shown || PEM_write_bio_X509(text.get(), shown.get()) != 1) return std::nullopt;
  const char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  auto read = x509_certificate::parse({bytes, static_cast<std::size_t>(size)});
  return read ? std::optional(*std::move(read)) : std::nullopt;
}

}  // namespace pinhook::e2e
