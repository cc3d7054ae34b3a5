// The mirrors of OpenShift's objects as the registries.conf that its nodes get.
//
//   ImageDigestMirrorSet, ImageTagMirrorSet   config.openshift.io/v1
//   ImageContentSourcePolicy                  operator.openshift.io/v1alpha1, for digests alone
//
// The machine config operator writes that file by openshift/runtime-utils, pkg/registries (EditRegistriesConfig and
// topoGraph, seen at 7bdb5b9c); its rules are rebuilt here:
//
// - The sets of one source are merged. Their mirrors keep the order that each set has; where no set has a say, and
// where
//   two contradict each other, the names' order counts.
// - Mirrors for digests precede those for tags.
// - NeverContactSource in any set of a source blocks it for digests and for tags, also when it is in a set for the
//   others.
// - A set without mirrors, or with the source alone as its mirror, does not count, nor does its policy.
//
// Pure; any thread.
#pragma once

#include <pinhook/registry/registries_conf.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::registry {

/// Sets of all objects together. Clusters that mirror all of Red Hat's catalogs have some hundreds.
inline constexpr std::size_t max_mirror_sets = 5000;

struct mirror_set {
  /// "registry.example.com/acme", "*.example.com".
  std::string source;
  /// Best first.
  std::vector<std::string> mirrors;
  /// mirrorSourcePolicy: NeverContactSource.
  bool never_contacts_source = false;
  /// The object that has it: "ImageTagMirrorSet hub".
  std::string object;
};

struct mirror_sets {
  std::vector<mirror_set> for_digests;
  std::vector<mirror_set> for_tags;
};

/// The entries, sorted by their sources.
[[nodiscard]] registries_conf conf_of(const mirror_sets& sets);

}  // namespace pinhook::registry
