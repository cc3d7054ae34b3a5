// An image reference, parsed once at the edge: the text of a Pod's `image` and its meaning.
//
//   nginx                       → docker.io/library/nginx:latest, asked at registry-1.docker.io
//   ghcr.io/acme/api:v2@sha256… → ghcr.io/acme/api@sha256:…  (the digest wins)
//
// As strict as the kubelet's parser (distribution/reference at 0965666a): an image that it refuses cannot run, so
// nothing legitimate is lost. Stricter in three places: a port is 1 to 65535, a registry name has no underscore (that
// parser then takes it for a path without a registry), and the whole text is limited. Letter case and leading zeros of
// the registry name are kept as written, as that parser does. An immutable value, of which copies share the content: a
// request passes an image on many times. Any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/syntax_fault.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook::registry {

/// Bytes of a whole reference. The longest that makes sense (a DNS name, a port, the longest path, tag and digest) has
/// about 800.
inline constexpr std::size_t max_reference_size = 1024;
/// Bytes of a repository, "library/" of Docker Hub's official images included. distribution/reference's limit.
inline constexpr std::size_t max_repository_size = 255;
/// Bytes of a tag. distribution-spec "Pulling manifests".
inline constexpr std::size_t max_tag_size = 128;

class reference {
 public:
  /// invalid_input: the message gives the fault and its position (from 1) in the text.
  [[nodiscard]] static result<reference> parse(std::string_view text);
  /// As `parse`, with the position apart from the reason.
  [[nodiscard]] static std::expected<reference, syntax_fault> read(std::string_view text);

  /// The image with this digest, and with its effective tag where it has one; as `parse` reads it. None: the text would
  /// be longer than max_reference_size.
  [[nodiscard]] std::optional<reference> with_digest(const registry::digest& d) const;

  /// As the author wrote it.
  [[nodiscard]] const std::string& written() const { return in().written; }
  /// The author's name without tag and digest: "nginx" of "nginx:1.25".
  [[nodiscard]] std::string_view written_name() const {
    return std::string_view(in().written).substr(0, in().name_size);
  }
  /// The registry's canonical name with its port: "docker.io", "localhost:5000".
  [[nodiscard]] const std::string& registry() const { return in().registry; }
  /// The host to contact: as `registry`, but "registry-1.docker.io" for "docker.io".
  [[nodiscard]] std::string wire_host() const;
  /// "library/nginx"
  [[nodiscard]] const std::string& repository() const { return in().repository; }
  /// The tag as written, empty when none was.
  [[nodiscard]] const std::string& tag() const { return in().tag; }
  /// The tag in effect: as written, or "latest" when neither tag nor digest was; empty when only a digest was.
  [[nodiscard]] std::string_view effective_tag() const;
  [[nodiscard]] const std::optional<registry::digest>& digest() const { return in().digest; }
  /// True when there is a digest: nothing to resolve.
  [[nodiscard]] bool is_pinned() const { return digest().has_value(); }
  /// "docker.io/library/nginx:1.25"; with a digest "docker.io/library/nginx@sha256:…". Parsing it again gives the same.
  [[nodiscard]] const std::string& canonical() const { return in().canonical; }

  friend bool operator==(const reference& a, const reference& b) { return a.written() == b.written(); }

 private:
  struct parts {
    std::string written;
    std::size_t name_size = 0;
    std::string registry;
    std::string repository;
    std::string tag;
    std::optional<registry::digest> digest;
    std::string canonical;

    void make_canonical();
  };

  explicit reference(std::shared_ptr<const parts> all) : all_(std::move(all)) {}
  // One that was moved from is empty.
  [[nodiscard]] const parts& in() const { return all_ ? *all_ : nothing(); }
  [[nodiscard]] static const parts& nothing();

  std::shared_ptr<const parts> all_;
};

}  // namespace pinhook::registry
