// A document of a repository beside its images: a manifest by tag or digest, a blob, the list of what refers to a
// digest, a file of Docker Content Trust.
//
// Sources: OCI distribution-spec at 967efdc0, "Pulling manifests", "Pulling blobs", "Listing Referrers";
// https://github.com/notaryproject/notary/blob/v0.7.0/server/server.go (the paths below _trust). Plain values; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pinhook::registry {

struct document_name {
  enum class kind : std::uint8_t { manifest, blob, referrers, trust_file };
  kind of = kind::manifest;
  /// A tag or a digest of a manifest; a blob's digest; the digest that is referred to; a trust file, which
  /// a Notary server has and no registry: "root.json", "targets/releases.json".
  std::string name;
  /// Bytes that are read; a longer document is malformed.
  std::size_t most = std::size_t{4} * 1024 * 1024;
};

struct document {
  /// As the registry says, without parameters, in lower case; empty: it does not say.
  std::string media_type;
  std::string bytes;
};

}  // namespace pinhook::registry
