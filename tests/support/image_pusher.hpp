// Pushes small images into a registry by the plain HTTP calls of distribution-spec "Pushing".
//
// Thread rule: the io_context's one thread. A test that includes this links pinhook_registry.
#pragma once

#include "support/image_signer.hpp"
#include "support/run.hpp"

#include <pinhook/http/curl_client.hpp>
#include <pinhook/registry/digest.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace pinhook::testing {

class image_pusher {
 public:
  /// `url`: "http://127.0.0.1:5000".
  image_pusher(asio::io_context& io, std::string url, std::string ca_file = "")
      : io_(io), url_(std::move(url)), ca_file_(std::move(ca_file)) {}
  /// The Authorization header to push with.
  void authorize(const std::string& value) { authorization_ = secret(value); }

  /// An image of one layer made of `seed`, under `reference` (a tag, or "" for its digest alone): its digest.
  std::string push_image(const std::string& repository, const std::string& reference, const std::string& seed,
                         const std::string& type = "application/vnd.oci.image.manifest.v1+json") {
    const bool is_docker = type.find("docker") != std::string::npos;
    const std::string config = R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})";
    push_blob(repository, config);
    push_blob(repository, seed);
    const std::string config_type =
        is_docker ? "application/vnd.docker.container.image.v1+json" : "application/vnd.oci.image.config.v1+json";
    const std::string layer_type =
        is_docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : "application/vnd.oci.image.layer.v1.tar+gzip";
    return push_manifest(repository, reference, type,
                         R"({"schemaVersion":2,"mediaType":")" + type + R"(","config":)" +
                             descriptor(config_type, config) + R"(,"layers":[)" + descriptor(layer_type, seed) + "]}");
  }

  /// An index over two images made of `seed`: its own digest.
  std::string push_index(const std::string& repository, const std::string& tag, const std::string& seed,
                         bool is_docker = false) {
    const std::string child_type = is_docker ? "application/vnd.docker.distribution.manifest.v2+json"
                                             : "application/vnd.oci.image.manifest.v1+json";
    const std::string type = is_docker ? "application/vnd.docker.distribution.manifest.list.v2+json"
                                       : "application/vnd.oci.image.index.v1+json";
    return push_list(repository, tag, type, push_children(repository, seed, child_type));
  }

  /// The same index with an attestation of the first image beside the two, as BuildKit adds one.
  std::string push_attested_index(const std::string& repository, const std::string& tag, const std::string& seed) {
    std::string list = push_children(repository, seed, image_type);
    const std::string attestation = push_image(repository, "", seed + "attestation");
    list += "," + entry(image_type, attestation, "unknown", "unknown");
    return push_list(repository, tag, "application/vnd.oci.image.index.v1+json", list);
  }

  /// Deletes a manifest: nodes cannot pull it any more.
  void remove(const std::string& repository, const std::string& digest) {
    call(http::method::remove, url_ + "/v2/" + repository + "/manifests/" + digest, 202);
  }

  /// A signature of an image of the repository, as cosign's older layout stores it.
  void push_signature(const std::string& repository, const signed_documents& of) {
    push_blob(repository, of.payload);
    push_manifest(repository, of.tag, "application/vnd.oci.image.manifest.v1+json", of.manifest);
  }

 private:
  static constexpr const char* image_type = "application/vnd.oci.image.manifest.v1+json";

  // Of the manifest that was pushed last.
  [[nodiscard]] std::string entry(const std::string& type, const std::string& digest, const std::string& os,
                                  const std::string& architecture) const {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":)" + std::to_string(last_size_) +
           R"(,"platform":{"os":")" + os + R"(","architecture":")" + architecture + R"("}})";
  }
  // The entries of two images.
  std::string push_children(const std::string& repository, const std::string& seed, const std::string& type) {
    std::string list;
    for (const std::string architecture : {"amd64", "arm64"}) {
      const std::string child = push_image(repository, "", seed + architecture, type);
      list += (list.empty() ? "" : ",") + entry(type, child, "linux", architecture);
    }
    return list;
  }
  std::string push_list(const std::string& repository, const std::string& tag, const std::string& type,
                        const std::string& list) {
    return push_manifest(repository, tag, type,
                         R"({"schemaVersion":2,"mediaType":")" + type + R"(","manifests":[)" + list + "]}");
  }

  static std::string digest_of(const std::string& bytes) { return registry::digest::of(bytes).to_string(); }
  static std::string descriptor(const std::string& type, const std::string& bytes) {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest_of(bytes) + R"(","size":)" +
           std::to_string(bytes.size()) + "}";
  }

  http::response call(http::method verb, const std::string& url, int wanted, std::optional<std::string> body = {},
                      const std::string& type = "application/octet-stream") {
    http::request r;
    r.verb = verb;
    r.url = url;
    r.headers = {{"Content-Type", type}};
    r.authorization = authorization_;
    r.reach.loopback = true;
    r.tls = http::trusting(ca_file_);
    if (body) r.body = secret(std::move(*body));
    auto got = run_on(
        io_, http_.send(std::move(r), deadline::after(std::chrono::steady_clock::now(), std::chrono::seconds(30))));
    if (!got) throw std::runtime_error("pushing: " + got.error().message);
    if (got->status != wanted)
      throw std::runtime_error("pushing: " + url + ": " + std::to_string(got->status) + " " + got->body);
    return std::move(*got);
  }

  void push_blob(const std::string& repository, const std::string& bytes) {
    const auto started = call(http::method::post, url_ + "/v2/" + repository + "/blobs/uploads/", 202);
    std::string place(http::find_header(started.headers, "Location").value_or(""));
    if (place.starts_with("/")) place = url_ + place;
    place += (place.find('?') == std::string::npos ? "?" : "&") + std::string("digest=") + digest_of(bytes);
    call(http::method::put, place, 201, bytes);
  }

  std::string push_manifest(const std::string& repository, const std::string& reference, const std::string& type,
                            const std::string& text) {
    const std::string digest = digest_of(text);
    last_size_ = text.size();
    call(http::method::put, url_ + "/v2/" + repository + "/manifests/" + (reference.empty() ? digest : reference), 201,
         text, type);
    return digest;
  }

  asio::io_context& io_;
  std::string url_;
  std::string ca_file_;
  std::optional<secret> authorization_;
  std::size_t last_size_ = 0;
  http::curl_client http_{io_};
};

}  // namespace pinhook::testing
