#include <pinhook/demo/embedded_registry.hpp>

#include <pinhook/base/json.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::demo {
namespace {

constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";

std::string descriptor(std::string_view media_type, std::string_view bytes) {
  return fmt::format(R"("mediaType":"{}","digest":"{}","size":{})", media_type, registry::digest::of(bytes).to_string(),
                     bytes.size());
}

// The error body of the specification ("Error Codes").
server::response refuse(unsigned status, std::string_view code, std::string_view message, std::string_view detail) {
  server::response out;
  out.status = status;
  out.body = fmt::format(R"({{"errors":[{{"code":"{}","message":"{}","detail":)", code, message);
  json::append_string(out.body, detail);
  out.body += "}]}";
  return out;
}

}  // namespace

demo_manifest image_manifest(std::string_view content, std::string_view architecture) {
  const std::string config =
      fmt::format(R"({{"architecture":"{}","os":"linux","rootfs":{{"type":"layers"}}}})", architecture);
  const std::string layer = fmt::format("{} for {}", content, architecture);
  return {std::string(manifest_type),
          fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{{{}}},"layers":[{{{}}}]}})", manifest_type,
                      descriptor("application/vnd.oci.image.config.v1+json", config),
                      descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer))};
}

demo_manifest image_index(std::string_view content) {
  std::string platforms;
  for (const std::string_view architecture : {"amd64", "arm64"}) {
    const auto one = image_manifest(content, architecture);
    platforms += fmt::format(R"({}{{{},"platform":{{"architecture":"{}","os":"linux"}}}})",
                             platforms.empty() ? "" : ",", descriptor(one.media_type, one.bytes), architecture);
  }
  return {std::string(index_type),
          fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", index_type, platforms)};
}

registry::digest embedded_registry::push(std::string_view name, std::string_view tag, demo_manifest manifest) {
  auto digest = registry::digest::of(manifest.bytes);
  const std::lock_guard lock(mutex_);
  repository& r = repositories_[std::string(name)];
  r.manifests.insert_or_assign(digest.to_string(), std::move(manifest));
  r.tags.insert_or_assign(std::string(tag), digest.to_string());
  return digest;
}

server::response embedded_registry::answer(const server::request& r) {
  constexpr std::string_view root = "/v2/";
  constexpr std::string_view middle = "/manifests/";
  const std::string_view path = r.path();
  if (path == root) return {.status = 200, .content_type = "application/json", .body = "{}", .headers = {}};
  const auto at = path.rfind(middle);
  if (!path.starts_with(root) || at == std::string_view::npos || at <= root.size())
    return refuse(404, "NAME_INVALID", "this registry knows manifests only", path);
  const auto name = path.substr(root.size(), at - root.size());
  const auto requested = path.substr(at + middle.size());

  const std::lock_guard lock(mutex_);
  ++requests_;
  const auto found = repositories_.find(name);
  if (found == repositories_.end()) return refuse(404, "NAME_UNKNOWN", "repository name not known to registry", name);
  const auto& [tags, manifests] = found->second;
  const auto tag = tags.find(requested);
  const auto manifest = manifests.find(tag == tags.end() ? requested : std::string_view(tag->second));
  if (manifest == manifests.end()) return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown", requested);
  server::response out;
  out.content_type = manifest->second.media_type;
  out.body = manifest->second.bytes;
  out.headers.emplace_back("Docker-Content-Digest", manifest->first);
  return out;
}

std::size_t embedded_registry::manifest_requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

}  // namespace pinhook::demo
