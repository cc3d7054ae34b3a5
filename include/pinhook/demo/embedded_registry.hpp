// An OCI registry for the demo, with a few images in memory: the pull side of distribution-spec for manifests, which is
// enough to resolve tags.
//
//   embedded_registry registry;
//   registry::digest d = registry.push("shop/web", "1.4", image_manifest("shop/web 1.4"));
//   registry.answer({.method = "HEAD", .target = "/v2/shop/web/manifests/1.4", …})   // 200, Docker-Content-Digest: d
//
// Thread rule: any thread.
#pragma once

#include <pinhook/registry/digest.hpp>
#include <pinhook/server/message.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace pinhook::demo {

struct demo_manifest {
  std::string media_type;
  std::string bytes;
};

/// The manifest of an image for one platform; `content` replaces its layers: other content gives other digests.
[[nodiscard]] demo_manifest image_manifest(std::string_view content, std::string_view architecture = "amd64");

/// An index of such images for amd64 and arm64.
[[nodiscard]] demo_manifest image_index(std::string_view content);

class embedded_registry {
 public:
  /// Stores the manifest and points the tag at it, also when it pointed to another one before.
  registry::digest push(std::string_view repository, std::string_view tag, demo_manifest manifest);

  /// GET and HEAD of /v2/ and /v2/<name>/manifests/<tag or digest>; errors as in the specification.
  [[nodiscard]] server::response answer(const server::request& r);

  /// Requests for manifests answered so far.
  [[nodiscard]] std::size_t manifest_requests() const;

 private:
  struct repository {
    std::map<std::string, std::string, std::less<>> tags;  // → digest
    std::map<std::string, demo_manifest, std::less<>> manifests;
  };

  mutable std::mutex mutex_;
  std::map<std::string, repository, std::less<>> repositories_;
  std::size_t requests_ = 0;
};

}  // namespace pinhook::demo
