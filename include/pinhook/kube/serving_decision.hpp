// The policy of the self-managed serving certificate, as a pure decision: from what is stored, what the entries trust
// and what this replica remembers, to what is to be written and served.
//
//   observe(memory, seen);
//   const serving_decision d = decide(seen, memory, policy);
//   if (d.state) { const auto next = make_state(*d.state, policy, machine_clock()); … }
//
// Any number of replicas decide for themselves; their clocks may differ by minutes. What keeps calls from failing:
//
// 1. A pair is exchanged for one of another authority only after every entry had that authority for `settle`: API
//    servers see the configuration with some lag. Each replica times that by its own looks, so clocks do not matter.
// 2. An authority leaves the Secret `overlap` after the first leaf by its successor was issued, when no replica serves
//    its leaves any more, and the caBundles after that.
// 3. The configuration is read BEFORE the Secret, and a bundle is written with the version of that read. Whoever wrote
//    the bundle we replace had read his Secret before he wrote; we read ours after we saw his bundle, so ours is no
//    older. Bundles follow the Secret forward and never back.
// 4. A state that is whole is taken as it is; what a replica remembers counts only where something is lost. All changes
//    of a whole state go one way: an authority gets older, is succeeded, leaves. A replica whose clock is
//    ahead does it first, and none whose clock is behind would undo it. So nobody fights.
//
// Values and pure functions (`make_state` asks OpenSSL for keys); any thread.
#pragma once

#include <pinhook/base/certificate.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/x509_certificate.hpp>
#include <pinhook/kube/caller_trust.hpp>
#include <pinhook/kube/serving_options.hpp>
#include <pinhook/kube/serving_state.hpp>
#include <pinhook/kube/serving_values.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::kube {

/// Authorities in a bundle. Two in a rotation; more only when rotations come faster than `overlap` ends, as by an
/// operator who deletes the Secret again and again.
inline constexpr std::size_t max_authorities = 4;

/// Names that a leaf is issued for beyond the wanted ones: those of its predecessor, while replicas with an older
/// configuration still want them.
inline constexpr std::size_t max_names = 64;

/// What is made is valid from this long before: no replica's clock is so far ahead.
inline constexpr std::chrono::seconds backdated = std::chrono::hours(1);

/// What one look has found.
struct serving_facts {
  /// Of the configuration's entries; nothing: it does not exist.
  std::optional<std::vector<entry_trust>> entries;
  /// Read after the entries. Nothing: there is no such Secret.
  std::optional<stored_state> stored;
  wall_time now;
  steady_time steady;
};

/// What a replica remembers between looks.
struct replica_memory {
  /// What it shows; nothing yet.
  std::optional<served_pair> served;
  /// `served` was known to all API servers at some time: from then on only the present bundles count.
  bool is_settled = false;
  /// Of the last whole state.
  std::vector<x509_certificate> authorities;
  /// Since when every look found the authority in every entry; by fingerprint.
  std::map<std::string, steady_time, std::less<>> in_all_since;
};

/// A state to be written, but for what only OpenSSL can make.
struct state_plan {
  /// In words, for the log.
  std::string why;
  bool new_authority = false;
  /// Issue a leaf by the newest authority; else `kept.served` is it.
  bool new_leaf = false;
  /// What a new leaf is for.
  certificate_names leaf_names;
  /// What is kept: authorities but for the new one; key and pair unless they are new.
  serving_state kept;
};

struct bundle_plan {
  std::string why;
  /// Names of entries.
  std::vector<std::string> entries;
  std::string bundle;
};

struct serving_decision {
  /// May both be there: they are written independently of each other, the bundle first.
  std::optional<bundle_plan> bundles;
  std::optional<state_plan> state;
  /// Another pair to show from now on.
  std::optional<served_pair> serve;
  /// The memory's `is_settled` once `serve` is shown.
  bool is_settled = false;
  /// Why what is served then is not trusted; nothing: it is.
  std::optional<std::string> distrust;
};

/// Notes in the memory what the look has found.
void observe(replica_memory& memory, const serving_facts& seen);

[[nodiscard]] serving_decision decide(const serving_facts& seen, const replica_memory& memory,
                                      const serving_policy& policy);

/// Makes what the plan wants made. Errors: as make_authority and make_leaf.
[[nodiscard]] result<serving_state> make_state(const state_plan& plan, const serving_policy& policy, const clock& time);

}  // namespace pinhook::kube
