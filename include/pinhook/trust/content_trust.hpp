// Docker Content Trust (Notary v1): the digest that a repository's signers gave to a tag.
//
// Unlike other signatures these do not follow a digest but lead to one: whatever the registry says, the signed digest
// is the image. A chain of files leads there, each signed by keys that the one before names: root, timestamp, snapshot,
// targets, and where there is one the delegation targets/releases, which Docker asks first.
//
// Sources: https://github.com/notaryproject/notary/blob/v0.7.0/docs/service_architecture.md; TUF of 2015;
// https://docs.docker.com/engine/security/trust/. Pure: files, trust and time go in. Any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The files that the server has for a repository.
struct content_trust_files {
  /// "N.root.json" in the order of their numbers, the newest last; those before the trusted one may be missing.
  std::vector<std::string> roots;
  std::string timestamp;
  std::string snapshot;
  std::string targets;
  /// targets/releases; empty: none.
  std::string releases;
};

/// Where trust begins. One of the two.
struct content_trust_anchor {
  /// IDs of root keys, in hexadecimal. A root that one of them signed is believed.
  std::vector<std::string> root_key_ids;
  /// A root file.
  std::string root;
};

struct signed_tag {
  std::string tag;
  /// "sha256:…"
  std::string digest;
  /// Bytes of the manifest.
  std::int64_t size = 0;
  /// "targets" or "targets/releases".
  std::string role;
  /// When the first file of the chain expires: the answer holds no longer.
  wall_time expires{};
};

/// invalid_input: the text is not a root file that its own keys have signed.
[[nodiscard]] result<void> check_root(std::string_view text);

/// The numbers of the root files that lead from the anchor to the newest one, which is not among them. Empty: none is
/// needed. malformed: the newest is no root file; its number, or the way to it, is longer than is walked.
[[nodiscard]] result<std::vector<std::int64_t>> roots_between(const content_trust_anchor& anchor,
                                                              std::string_view newest);

/// True when the targets file has the delegation targets/releases, so that its file is wanted.
[[nodiscard]] bool delegates_releases(std::string_view targets);

/// not_found: no file names the tag. denied: a file is not signed by those who must, does not fit its hash, or has
/// expired; the message names it. malformed: a file cannot be read.
[[nodiscard]] result<signed_tag> find_signed_tag(const content_trust_files& files, const content_trust_anchor& anchor,
                                                 std::string_view tag, wall_time now);

/// A tag that was given this digest ("sha256:…"), in the same order of the files; for an image that is named by its
/// digest. Errors: the same.
[[nodiscard]] result<signed_tag> find_signed_digest(const content_trust_files& files,
                                                    const content_trust_anchor& anchor, std::string_view digest,
                                                    wall_time now);

}  // namespace pinhook::trust
