// The rotation of the self-managed serving certificate, as a pure decision: from the stored state, the trust of the
// entries and the memory of this replica, to the writes and the certificate to serve.
//
//   observe(memory, facts);
//   const serving_decision d = decide(facts, memory, policy);
//   if (d.state) { const auto next = make_state(*d.state, policy, machine_clock()); … }
//
// Any number of replicas decide for themselves; their clocks may differ by minutes. These rules keep calls from
// failing:
//
// 1. A pair is exchanged for one of another authority only after every entry had that authority for `settle`: API
//    servers see the configuration with some lag. Each replica measures that by its own looks, so clocks do not matter.
// 2. An authority leaves the Secret `overlap` after the first leaf by its successor was issued, when no replica serves
//    its leaves any more, and the caBundles after that.
// 3. The configuration is read BEFORE the Secret, and a bundle is written with the version of that read. The replica
//    that wrote the replaced bundle had read its Secret before the write; this one reads the Secret after the bundle,
//    so its Secret is not older. Bundles follow the Secret forward and never back.
// 4. A state that is whole is taken as it is; the memory of a replica is used only where something is lost. All changes
//    of a whole state go one way: an authority gets older, is succeeded, leaves. A replica whose clock is ahead makes
//    the change first, and none whose clock is behind undoes it. So replicas do not overwrite each other in turn.
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

/// Limit of the names of a leaf. It gets those of its predecessor, too, while replicas with an older configuration
/// still need them.
inline constexpr std::size_t max_names = 64;

/// Certificates are valid from this long before they are made, since replicas' clocks differ by less.
inline constexpr std::chrono::seconds backdated = std::chrono::hours(1);

/// The findings of one look.
struct serving_facts {
  /// The trust of the configuration's entries; nothing: it does not exist.
  std::optional<std::vector<entry_trust>> entries;
  /// Read after the entries. Nothing: the Secret does not exist.
  std::optional<stored_state> stored;
  wall_time now;
  steady_time steady;
};

/// The memory of a replica between looks.
struct replica_memory {
  /// The pair that it serves; nothing before the first.
  std::optional<served_pair> served;
  /// True when all API servers knew the issuer of `served` at some time: from then on only the present bundles count.
  bool is_settled = false;
  /// The authorities of the last whole state.
  std::vector<x509_certificate> authorities;
  /// The time since which every look found the authority in every entry; by fingerprint.
  std::map<std::string, steady_time, std::less<>> in_all_since;
};

/// A state to be written, without the parts that only OpenSSL can make.
struct state_plan {
  /// For the log.
  std::string reason;
  bool new_authority = false;
  /// Issue a leaf by the newest authority; else `kept.served` stays.
  bool new_leaf = false;
  /// The names of a new leaf.
  certificate_names leaf_names;
  /// The parts that are kept: authorities except the new one; key and pair unless they are new.
  serving_state kept;
};

struct bundle_plan {
  std::string reason;
  /// Names of entries.
  std::vector<std::string> entries;
  std::string bundle;
};

struct serving_decision {
  /// Both can be present: they are written independently of each other, the bundle first.
  std::optional<bundle_plan> bundles;
  std::optional<state_plan> state;
  /// Another pair to serve from now on.
  std::optional<served_pair> serve;
  /// The memory's `is_settled` once `serve` is in use.
  bool is_settled = false;
  /// Why the pair that is served then is not trusted; nothing: it is trusted.
  std::optional<std::string> distrust;
};

/// Records the findings of a look in the memory.
void observe(replica_memory& memory, const serving_facts& facts);

[[nodiscard]] serving_decision decide(const serving_facts& facts, const replica_memory& memory,
                                      const serving_policy& policy);

/// Makes the certificates of the plan. Errors: as make_authority and make_leaf.
[[nodiscard]] result<serving_state> make_state(const state_plan& plan, const serving_policy& policy, const clock& time);

}  // namespace pinhook::kube
