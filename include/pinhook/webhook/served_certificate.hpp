// The certificate that the webhook serves, from the first of: a given pair, the settings' files, the cluster, where
// pinhook keeps one itself. In a cluster the trust of its API servers is checked, too, and decides readiness.
//
//   served_certificate certificate({tls, state, numbers, time});
//   if (auto ok = certificate.open(pair, settings, connect); !ok) …
//   certificate.keep(tasks, on_stall);
//
// Thread rule: the control thread.
#pragma once

#include <pinhook/base/certificate.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/server/task_group.hpp>
#include <pinhook/webhook/certificate_source.hpp>
#include <pinhook/webhook/certificate_watch.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace pinhook::webhook {

class served_certificate {
 public:
  /// The connection to the Kubernetes API; not_found: there is no cluster.
  using connector = std::function<result<std::shared_ptr<kube::api_connection>>()>;

  /// All of `around` outlives it.
  explicit served_certificate(certificate_source::surroundings around) : around_(around) {}
  served_certificate(const served_certificate&) = delete;
  served_certificate& operator=(const served_certificate&) = delete;

  /// Finds the source, and puts its certificate into use where it has one by now. With `pair` the cluster is not asked
  /// for. invalid_input: a file is invalid, or there is no source; other errors: as certificate_source, of `connect`.
  [[nodiscard]] result<void> open(const std::optional<key_pair>& pair, const config::settings& s,
                                  const connector& connect);

  /// After `open`: runs in `tasks` until they are canceled, which is before this is destroyed. Ready at once where no
  /// cluster decides. `on_stall`: as file_watch.
  void keep(server::task_group& tasks, std::function<void(bool)> on_stall);

  /// Looks at the files now.
  void hurry();

 private:
  result<void> open_files(const config::settings& s);

  const certificate_source::surroundings around_;
  /// Null: no files are given.
  std::unique_ptr<certificate_watch> files_;
  /// Null: trust is not checked.
  std::unique_ptr<certificate_source> source_;
};

}  // namespace pinhook::webhook
