// The digest that a tag was resolved to, and where it came from; or a document beside an image.
//
// Plain values; any thread.
#pragma once

#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/document.hpp>
#include <pinhook/resolve/pull_notes.hpp>
#include <pinhook/resolve/vouch.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace pinhook::resolve {

/// The source of a digest.
enum class origin : std::uint8_t {
  cache,     // held and unexpired
  stale,     // held and expired; the registry could not be asked in time or is in trouble
  registry,  // asked for this request, or for another that asked at the same moment
  lock,      // decided by the operator's lock file
};

std::string_view to_string(origin from) noexcept;

struct answer {
  registry::digest digest;
  origin from = origin::registry;
  /// What nodes would meet with that pull the digest; null: nothing is known.
  std::shared_ptr<const pull_trouble> trouble = nullptr;
  /// Of a query for a document. Then `digest` is the image's.
  std::shared_ptr<const registry::document> document = {};
  /// cache, stale: what resolver::keep has put beside the digest.
  vouch vouched = {};
};

}  // namespace pinhook::resolve
