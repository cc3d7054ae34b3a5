// Asks registries at a gentle, bounded pace what rows need: each tag and digest in use, and what rules ask of verifiers
// about images. Answers go to the next round; the namespaces for which they are news are looked at again.
//
//   registry_feed feed(connection, executor, time, options, [&](const std::string& ns) { cache.touch(ns); });
//   tasks.spawn(feed.run());
//   feed.use("shop", part);  …  feed.give(round);
//
// Registries that answer are asked apart from the others, so that one that hangs delays the answers about no image but
// those of registries that did not answer either.
//
// Thread rule: one thread, that of the connection; the look-ups block on threads of their own, one at a time a lane.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/console/lookup_schedule.hpp>
#include <pinhook/console/row_engine.hpp>
#include <pinhook/console/trouble.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pinhook::console {

/// Asks registries for the manifests of references, one answer each, in their order.
using manifest_lookup = std::function<std::vector<result<fleet::manifest>>(const std::vector<registry::reference>&)>;
/// Asks verifiers, one answer each, in their order. An error: a verifier cannot be used.
using proof_lookup = std::function<result<std::vector<rules::proofs>>(const std::vector<rules::proof_request>&)>;

/// Look-ups with the pull secrets of the Pods that pull an image, too. RBAC: `get` on secrets and serviceaccounts.
struct secret_lookup {
  /// Namespaces whose secrets are read; empty: all.
  std::vector<std::string> namespaces = {};
  /// Behind the secrets.
  std::shared_ptr<registry::credential_source> own = {};
  /// On the thread of the look-ups, before those that these credentials are for.
  std::function<void(std::shared_ptr<registry::credential_source>)> use = nullptr;
};

/// They are called one at a time.
struct registry_lookups {
  /// Empty: no registry is asked.
  manifest_lookup lookup = nullptr;
  /// Empty: rules about signatures are not judged.
  proof_lookup prove = nullptr;
  std::optional<secret_lookup> secrets = {};
};

struct registry_options : registry_lookups {
  /// The same for registries that have not answered, called while the others are. Empty: there is one lane for all.
  std::optional<registry_lookups> others = {};
  schedule_options schedule = {};
  /// References that are looked up together; the next ones wait until all have an answer, and `rest`.
  std::size_t batch = 20;
  /// Images that verifiers are asked about together; each takes several requests.
  std::size_t proof_batch = 5;
  std::chrono::milliseconds rest{1'000};
  /// While something has not been asked for yet, rows are made of answers no more often than this.
  std::chrono::seconds first_pause{10};
};

class registry_feed {
 public:
  /// Pods whose secrets are tried for one image.
  static constexpr std::size_t most_tenants = 8;

  /// `to` and `time` outlive it. `touch`: rows of this namespace have to be made again.
  registry_feed(std::shared_ptr<kube::api_connection> to, asio::io_context::executor_type on, const clock& time,
                registry_options options, const wait_seams& seams, std::function<void(const std::string&)> touch);
  registry_feed(const registry_feed&) = delete;
  registry_feed& operator=(const registry_feed&) = delete;

  [[nodiscard]] bool asks() const { return static_cast<bool>(options_.lookup); }
  [[nodiscard]] bool has_others() const { return options_.others.has_value(); }
  /// Both end only by cancellation. The second one is for `others`.
  awaitable<void> run();
  awaitable<void> run_others();

  /// A namespace has this view now; null: it is gone.
  void use(const std::string& ns, std::shared_ptr<const namespace_view> part);
  /// Puts the answers since the last call into a round.
  void give(engine_round& to);

  [[nodiscard]] const lookup_schedule& references() const { return references_; }
  /// Images about which verifiers are asked.
  [[nodiscard]] const lookup_schedule& images() const { return images_; }
  /// Secrets that could not be read, and verifiers that cannot be used.
  [[nodiscard]] std::vector<trouble> troubles() const;

 private:
  awaitable<void> run_lane(lookup_lane lane);
  [[nodiscard]] const registry_lookups& lookups_of(lookup_lane lane) const;
  awaitable<bool> ask_manifests(lookup_lane lane);
  awaitable<bool> ask_proofs(lookup_lane lane);
  awaitable<bool> run_lookup(std::function<void()> work);
  /// Null: without pull secrets.
  awaitable<std::shared_ptr<registry::credential_source>> credentials_for(std::vector<registry::reference> all,
                                                                          const lookup_schedule& of, lookup_lane lane);
  [[nodiscard]] std::vector<rules::proof_request> requests_of(const std::vector<registry::reference>& images) const;
  void take(const std::vector<registry::reference>& asked, std::vector<result<fleet::manifest>> got);
  void take(const std::vector<registry::reference>& asked, result<std::vector<rules::proofs>> got);
  void note(std::vector<std::string> namespaces);
  void touch_answered();

  const std::shared_ptr<kube::api_connection> to_;
  const asio::io_context::executor_type on_;
  const clock& time_;
  const registry_options options_;
  const wait_seams seams_;
  const std::function<void(const std::string&)> touch_;
  lookup_schedule references_;
  lookup_schedule images_;
  std::map<std::string, std::shared_ptr<const namespace_view>, std::less<>> parts_;
  std::vector<registry_answer> answers_;
  std::vector<proof_answer> proofs_;
  /// Namespaces about which there is something new, and when such were looked at last.
  std::set<std::string> answered_;
  steady_time touched_;
  /// By canonical reference: secrets that could not be read for it.
  std::map<std::string, std::vector<std::string>, std::less<>> secret_troubles_;
  std::string verifier_trouble_;
};

}  // namespace pinhook::console
