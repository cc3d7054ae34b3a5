// A registry client that answers with the digest of the manifest's bytes, and keeps what the manifest holds: so one
// request gives both, by the credentials, mirrors and retries of any other look-up.
//
//   manifest_reader reader(access.client());
//   resolve::tag_resolver tags(…, reader, …);      // and after its look-ups
//   reader.read().at(digest).children
//
// Thread rule: that of the client.
#pragma once

#include <pinhook/fleet/manifest.hpp>
#include <pinhook/registry/client.hpp>

#include <memory>

namespace pinhook::access {

class manifest_reader final : public registry::client {
 public:
  /// `by` must outlive it.
  explicit manifest_reader(registry::client& by) : by_(by) {}

  awaitable<result<registry::descriptor>> resolve_by(std::shared_ptr<const registry::route> by, registry::reference ref,
                                                     registry::credential credential, deadline d) override;
  awaitable<result<registry::document>> read_by(std::shared_ptr<const registry::route> by, registry::reference ref,
                                                registry::document_name what, registry::credential credential,
                                                deadline d) override;

  [[nodiscard]] const fleet::manifests& read() const { return read_; }

 private:
  registry::client& by_;
  fleet::manifests read_;
};

}  // namespace pinhook::access
