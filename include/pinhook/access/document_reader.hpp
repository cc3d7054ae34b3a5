// Reads documents beside an image (signatures, lists of referrers, trust files) by the routes and with the credentials
// that lead to the image.
//
//   auto read = document_reader({access.client(), access.routes(), tenant's, access.own_credentials()}, ref);
//   auto found = co_await signatures::find_signatures(read, digest, d);
//
// Routes are taken in their order, with the credentials of each in theirs, as by look-ups of tags. The first route and
// credential that gave a document are asked first from then on. What a mirror does not have is asked for at the next
// route: a mirror need not have signatures. Where the registry behind it cannot be reached, that is an error, and it is
// not asked again: what a mirror does not have is not known to be nowhere. Where the operator declares the mirrors of
// the registry complete (route_table::are_mirrors_complete), what all of them lack is not there, and the registry is
// not asked.
//
// Thread rule: that of the client. Copies of a reader share what they learnt; one read at a time.
#pragma once

#include <pinhook/registry/client.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/signatures/finder.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace pinhook::access {

struct reader_tools {
  /// Outlives the reader.
  registry::client& client;
  std::shared_ptr<registry::route_table> routes;
  /// For the registry; null: anonymous.
  std::shared_ptr<registry::credential_source> credentials;
  /// For mirrors and Notary servers; null: anonymous.
  std::shared_ptr<registry::credential_source> own;
  /// Credentials tried for one document.
  std::size_t most_credentials = 16;
};

/// Documents of the repository of `ref`. Errors of a read: those of client::read_by, with the failures of other routes
/// added; denied when no route may be asked.
[[nodiscard]] signatures::document_reader document_reader(reader_tools with, registry::reference ref);

/// Trust files of the repository of `ref` at a Notary server ("https://notary.example.com"), which the operator names.
/// It gets the credentials that `own` has for its host, and never those of the registry. invalid_input: its URL.
[[nodiscard]] result<signatures::document_reader> trust_reader(reader_tools with, const registry::reference& ref,
                                                               const std::string& server);

}  // namespace pinhook::access
