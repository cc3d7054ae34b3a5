// Makes the rows of a report from the state of a cluster and the answers of registries.
//
//   const auto asked = wanted_references(state);          // tags and pinned digests, each once
//   const auto rows = make_rows(state, &facts, options);
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/fleet/row.hpp>
#include <pinhook/fleet/state.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/tenant.hpp>

#include <map>
#include <string>
#include <vector>

namespace pinhook::fleet {

/// What registries answered: by canonical reference, of tags and of pinned digests.
struct registry_facts {
  std::map<std::string, result<registry::digest>, std::less<>> answers;
  fleet::manifests manifests;
};

/// The tags and the pinned digests, each once, in the order of their canonical form.
[[nodiscard]] std::vector<registry::reference> wanted_references(const state& of);

/// For each of those references, by canonical form: the Pods that pull it, each once.
[[nodiscard]] std::map<std::string, std::vector<registry::tenant>, std::less<>> asking_tenants(const state& of);

/// `facts`: null when no registry was asked.
[[nodiscard]] std::vector<row> make_rows(const state& of, const registry_facts* facts, const row_options& options);

}  // namespace pinhook::fleet
