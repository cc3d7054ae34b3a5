// The files of Docker Content Trust from a Notary server, and what they say about a tag or a digest.
//
//   const auto verdict = co_await verify_signed_tag(read, {"v1", std::nullopt}, verifier, now, d);
//   if (verdict && verdict->is_verified) … verdict->signed_tag->digest     // what the tag was signed to be
//
// Requests: root, timestamp, snapshot and targets, the delegation targets/releases where there is one, and the root
// files that lead from an older trusted one to the newest.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/signatures/finder.hpp>
#include <pinhook/signatures/image_verdict.hpp>
#include <pinhook/signatures/verifier.hpp>

#include <optional>
#include <string>

namespace pinhook::signatures {

/// `read` reads the trust files (document_name::kind::trust_file) of one repository. Errors are the server's:
/// not_found: it does not know the repository; malformed: a root file that cannot be read.
awaitable<result<trust::content_trust_files>> fetch_content_trust(document_reader read,
                                                                  trust::content_trust_anchor anchor, deadline d);

/// What is asked about. A tag alone: it is verified when it is signed, and `signed_tag` has its digest. Both: the tag's
/// signed digest must be this one. A digest alone: some tag must have been signed to be it.
struct tag_subject {
  std::string tag;
  std::optional<registry::digest> digest;
};

/// Errors: those of a server that did not answer, and never a verdict; a repository that it does not know is one, not
/// verified. unsupported: a verifier of another kind.
awaitable<result<image_verdict>> verify_signed_tag(document_reader read, tag_subject of, const verifier& by,
                                                   wall_time now, deadline d);

}  // namespace pinhook::signatures
