// What the console shows: the rows of each namespace with their history, and the state of the console itself.
//
// Values. The parts of a namespace never change once they are made, so that a view costs as much as what changed.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/console/fleet_past.hpp>
#include <pinhook/console/rule_exceptions.hpp>
#include <pinhook/console/trouble.hpp>
#include <pinhook/fleet/label_selector.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/fleet/state.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/tenant.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pinhook::console {

/// A row with what tables need of it beside the report's own members.
struct shown_row {
  fleet::row row;
  /// Without tag and digest, canonical: "docker.io/library/nginx"; the image itself where it is invalid.
  std::string repository;
  /// Of the workload; empty where its owner could not be read. Rows of one workload share them; not null.
  std::shared_ptr<const fleet::labels> labels = no_labels();

  /// Rules that take its image out of others.
  exception_list exceptions = {};

  [[nodiscard]] static const std::shared_ptr<const fleet::labels>& no_labels() {
    static const auto none = std::make_shared<const fleet::labels>();
    return none;
  }
};

struct namespace_view {
  std::string name;
  /// "enforce", "best-effort", "audit", "none", "unknown".
  std::string mode;
  std::vector<shown_row> rows;
  fleet::namespace_counts counts;
  /// The tags and digests that registries are asked for, each once.
  std::vector<registry::reference> wanted;
  /// What rules ask of verifiers about its images, each image once.
  std::vector<rules::proof_request> questions = {};
  /// By repository: the Pods that pull images of it, for their pull secrets.
  std::map<std::string, std::vector<registry::tenant>, std::less<>> tenants = {};
};

struct fleet_view {
  std::map<std::string, std::shared_ptr<const namespace_view>, std::less<>> namespaces;
  /// Those of the report, with the operator's.
  pipeline::rule_table rules;
  exception_list exceptions;
  /// The last days of each namespace, also of such that are gone.
  days_by_namespace days;
};

/// The console itself, for the first page and for metrics.
struct console_state {
  /// "kubeconfig /home/me/.kube/config, context \"dev\"".
  std::string origin;
  /// Those that it watches; empty: all.
  std::vector<std::string> namespaces;
  /// Of the workloads that it shows, as it was given; empty: all.
  std::string selector;
  wall_time now{};
  wall_time started{};
  /// All lists have been read, once at least, or are refused for lack of rights.
  bool is_complete = false;
  /// Lists that are not current, and why: missing rights, an API server that is away.
  std::vector<trouble> troubles;
  /// Since when a list is not current; nothing: all are.
  std::optional<wall_time> behind_since;
  bool asks_registries = false;
  /// Tags and digests in use; those of them that have no answer yet; those whose last look-up failed.
  std::size_t references = 0;
  std::size_t unasked = 0;
  std::size_t failed = 0;
  /// Images whose signatures rules ask for, likewise.
  std::size_t signed_images = 0;
  std::size_t unchecked = 0;
  std::size_t failed_checks = 0;
  /// History is in a file, and outlives the process.
  bool has_store = false;
  /// Made-up objects of the demo.
  bool is_demo = false;
};

/// The namespaces that a viewer may see; nothing: all.
using visible_namespaces = std::optional<std::set<std::string, std::less<>>>;

[[nodiscard]] inline bool is_visible(const visible_namespaces& to, const std::string& ns) {
  return !to || to->contains(ns);
}

}  // namespace pinhook::console
