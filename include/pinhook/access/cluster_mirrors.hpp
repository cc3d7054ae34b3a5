// OpenShift's mirrors, kept as the objects of the cluster have them: read at the start, and again and again.
//
//   cluster_mirrors mirrors(connection, conf, machine_clock());
//   co_await mirrors.read(d);        // a command: once
//   tasks.spawn(mirrors.keep(on_wait));   // the webhook: until it is canceled
//
// Nodes get a changed object after minutes, when the machine config operator has rendered and rolled it out. So the
// lists are read every half minute, and not watched. What was read stays in use while the API does not answer; until
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
};

class cluster_mirrors {
 public:
  /// `time` must outlive this object.
  cluster_mirrors(std::shared_ptr<kube::api_connection> from, std::shared_ptr<registry::node_conf> to,
                  const clock& time, cluster_mirror_options options = {}, wait_seams seams = {});

  /// Errors: as kube::read_mirror_objects; the former objects stay in use then.
  awaitable<result<void>> read(deadline d);

  /// Reads until it is canceled. Logs each new failure once, and its end. `on_wait`: called with the reason for which
  /// no image can be resolved, and with an empty one when the mirrors are known.
  awaitable<void> keep(std::function<void(std::string)> on_wait);

 private:
  std::shared_ptr<kube::api_connection> from_;
  std::shared_ptr<registry::node_conf> to_;
  const clock& time_;
  const cluster_mirror_options options_;
  wait_seams seams_;
  bool was_read_ = false;
  /// The reported failure; empty: none.
  std::string failure_;
};

}  // namespace pinhook::access
