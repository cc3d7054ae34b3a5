// Fetches the signatures that lie beside an image.
//
//   const auto found = co_await find_signatures(read, digest, d);
//
// Requests: the list of referrers, or the tag that replaces it (both where a registry has the API), the tag of
// cosign's older layout (two where attestations are wanted), and for each signature its manifest and its blob.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/document.hpp>
#include <pinhook/signatures/image_verdict.hpp>

#include <functional>

namespace pinhook::signatures {

/// Reads a document of the image's repository: with whichever credentials and by whichever route lead there.
using document_reader = std::function<awaitable<result<registry::document>>(registry::document_name, deadline)>;

/// With `attestations`, the tag of those in cosign's older layout is looked at, too. Errors are those of a registry
/// that did not give what it must: unauthorized, denied, canceled. What is out of reach is not: others may be enough,
/// and found_signatures::unread says so. An image without signatures is no error, and neither is one whose signatures
/// are damaged.
awaitable<result<found_signatures>> find_signatures(document_reader read, registry::digest of, bool attestations,
                                                    deadline d);

}  // namespace pinhook::signatures
