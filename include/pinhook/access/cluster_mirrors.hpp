// OpenShift's mirrors, kept as the objects of the cluster have them: read at the start, and again and again.
//
//   cluster_mirrors mirrors(connection, conf, machine_clock());
//   co_await mirrors.read(d);        // a command: once
//   tasks.spawn(mirrors.keep(on_wait));   // the webhook: until it is canceled
//
// Nodes get a changed object after minutes, when the machine config operator has rendered and rolled it out. So the
// lists are read every half minute, and not watched: a watch would be no earlier than the nodes, and would hold a
// connection and a right for each kind. What was read stays in use while the API does not answer; until
// the first answer no image is resolved, since its mirrors are not known.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/registry/mirror_grants.hpp>
#include <pinhook/registry/node_conf.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace pinhook::access {

struct cluster_mirror_options {
  /// The time between two reads, plus or minus a tenth.
  std::chrono::nanoseconds interval = std::chrono::seconds(30);
  /// Of all lists together.
  std::chrono::nanoseconds limit = std::chrono::seconds(10);
  /// Gets the images whose mirrors are shown pull secrets (CRIOCredentialProviderConfig); null: not read.
  std::shared_ptr<registry::mirror_grants> grants = {};
};

class cluster_mirrors {
 public:
  /// `time` must outlive this object.
  cluster_mirrors(std::shared_ptr<kube::api_connection> from, std::shared_ptr<registry::node_conf> to,
                  const clock& time, cluster_mirror_options options = {}, wait_seams seams = {});

  /// Errors: as kube::read_mirror_objects and read_mirror_grants; what cannot be read stays as it was. Where the grants
  /// may not be read there are none, which is logged once.
  awaitable<result<void>> read(deadline d);

  /// Reads until it is canceled. Logs each new failure once, and its end. `on_wait`: called with the reason for which
  /// no image can be resolved, and with an empty one when the mirrors are known.
  awaitable<void> keep(std::function<void(std::string)> on_wait);

 private:
  awaitable<result<void>> read_grants(deadline d);

  std::shared_ptr<kube::api_connection> from_;
  std::shared_ptr<registry::node_conf> to_;
  const clock& time_;
  const cluster_mirror_options options_;
  wait_seams seams_;
  bool was_read_ = false;
  bool may_read_grants_ = true;
  /// The reported failure; empty: none.
  std::string failure_;
};

}  // namespace pinhook::access
