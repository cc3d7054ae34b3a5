#include "support/signature_server.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pinhook::testing {

signature_server::signature_server(const std::string& name, std::string repository)
    : held_(std::make_shared<const signature_registry>(name)), repository_(std::move(repository)) {
  const auto read = json::parse(signature_file(name, "case.json"));
  subject_ = trust::text_in(*read, "subject");
}

std::optional<reply> signature_server::answer(const recorded_request& r) const {
  const std::string path = r.path();
  const std::string start = "/v2/" + repository_ + "/";
  if (!path.starts_with(start)) return std::nullopt;
  const auto slash = path.find('/', start.size());
  const std::string folder = path.substr(start.size(), slash - start.size());
  const std::string name = slash == std::string::npos ? std::string() : path.substr(slash + 1);
  if (folder == "manifests") return manifest(name, r.method == "HEAD");
  const std::string body = folder == "blobs"       ? held_->blob(name)
                           : folder == "referrers" ? held_->referrers(name)
                                                   : std::string();
  if (body.empty()) return reply{.status = 404};
  const bool is_list = folder == "referrers";
  return reply{
      .headers = {{"Content-Type", is_list ? "application/vnd.oci.image.index.v1+json" : "application/octet-stream"}},
      .body = body};
}

reply signature_server::manifest(const std::string& tag_or_digest, bool is_head) const {
  std::string digest = tag_or_digest;
  if (!digest.starts_with("sha256:")) {
    digest = held_->tagged(tag_or_digest);
    // Tags of signatures begin so; where the case has none, there is none.
    if (digest.empty() && tag_or_digest.starts_with("sha256-")) return {.status = 404};
    if (digest.empty()) digest = subject_;
  }
  std::string body = held_->manifest(digest);
  if (body.empty()) return {.status = 404};
  const auto read = json::parse(body);
  std::string type(read ? trust::text_in(*read, "mediaType") : std::string_view());
  if (type.empty()) type = "application/vnd.oci.image.manifest.v1+json";
  if (is_head) body.clear();
  return {.headers = {{"Content-Type", type}, {"Docker-Content-Digest", digest}}, .body = std::move(body)};
}

reply notary_answer(const std::string& name, const recorded_request& r) {
  constexpr std::string_view below = "/_trust/tuf/";
  const std::string path = r.path();
  const auto at = path.find(below);
  if (at == std::string::npos) return {.status = 404};
  std::string file = path.substr(at + below.size());
  std::ranges::replace(file, '/', '.');
  std::string body = signature_file(name, "tuf/" + file);
  if (body.empty()) return {.status = 404};
  return {.headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

}  // namespace pinhook::testing
