// Digests for commands: many references in, their digests out, from registries or a lock file.
//
//   auto digests = registry_digests::open(settings, environment());
//   auto answers = (*digests)->find(references);
//
// Thread rule: one thread; `find` blocks until all results are known.
#pragma once

#include <pinhook/access/told_count.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/platform.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/image_lock.hpp>
#include <pinhook/rules/image_proofs.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::access {

class registry_access;

/// The only interface between commands and registries. In tests: fake_digests (tests/support).
class digest_source {
 public:
  virtual ~digest_source() = default;
  /// One result a reference, in their order. References with the same canonical form are looked up once.
  /// Errors as registry::client::resolve, each message a whole sentence about its reference.
  [[nodiscard]] virtual std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) = 0;

  /// What verifiers say about images with a digest, one answer a request, in their order. unsupported: this source
  /// asks no registry, so nobody can say. Other errors: a verifier of the settings cannot be used.
  [[nodiscard]] virtual result<std::vector<rules::proofs>> prove(
      const std::vector<rules::proof_request>& /*requests*/) {
    return fail(error_code::unsupported, "no registry is asked");
  }
};

/// Looks up in registries as the webhook does, with mirrors and credentials. lookup_queue.hpp sets tries and times,
/// with resolver.lookup_limit as the limit of a try and resolver.host_concurrency as the number of concurrent look-ups
/// at one registry. A signal ends the command as it ends any program.
class registry_digests final : public digest_source {
 public:
  /// Called from `find` and `prove` with what is done ("resolving", "verifying"), the number of images that are done
  /// and their total, once a second and when one is done.
  using progress = std::function<void(std::string_view doing, std::size_t done, std::size_t total)>;

  /// `s` as config::settings_for_files gives them: $DOCKER_CONFIG is used only through them. Configures the log as in
  /// `s`. Errors name the file or the setting.
  [[nodiscard]] static result<std::unique_ptr<registry_digests>> open(const config::settings& s, const environment& all,
                                                                      progress on_progress = {});
  ~registry_digests() override;
  [[nodiscard]] std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override;
  /// By the verifiers of the settings, with the engine of the webhook (command_proofs.hpp).
  [[nodiscard]] result<std::vector<rules::proofs>> prove(const std::vector<rules::proof_request>& requests) override;

  /// The digest of one platform's manifest in the image of the reference. not_found: the index has none for it; the
  /// message lists its platforms. For an image without an index: its own digest when its configuration is of that
  /// platform, else not_found. Each costs a GET of the manifest, which Docker Hub counts as a pull.
  [[nodiscard]] std::vector<result<registry::digest>> find_platform(const std::vector<registry::reference>& refs,
                                                                    const registry::platform& platform);

  /// The manifests of tags and digests, with those that an index holds. Each costs one GET, which Docker Hub counts as
  /// a pull. not_found: every place that was asked has none.
  [[nodiscard]] std::vector<result<fleet::manifest>> find_manifests(const std::vector<registry::reference>& refs);

  /// These in place of the process's own, from the next look-up on; they may contain connection().access's own.
  void use_credentials(std::shared_ptr<registry::credential_source> all);

  /// For further requests with the same settings, credentials and tokens: the loop that runs them, on this thread
  /// alone.
  struct connected {
    asio::io_context& io;
    registry_access& access;
  };
  [[nodiscard]] connected connection();

  /// Tells the progress of such requests as that of `find`; null: nobody listens.
  [[nodiscard]] told_count::listener told(std::string_view doing) const;

 private:
  struct parts;
  explicit registry_digests(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

/// Progress on standard error. On a terminal a line "resolving 120/300 images, 4 s", rewritten in place and gone at the
/// end; elsewhere, as in the log of a CI job, a line "pinhook pin: resolving 120/300 images" every ten seconds. The
/// seconds are those of what is done.
[[nodiscard]] registry_digests::progress shown_progress(std::string_view command);

/// Digests from a lock alone; no registry is contacted. not_found: the lock does not have it; the message names the
/// command that adds it.
class locked_digests final : public digest_source {
 public:
  /// `file`: the lock's path, for messages.
  locked_digests(resolve::image_lock lock, std::string file) : lock_(std::move(lock)), file_(std::move(file)) {}
  [[nodiscard]] std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override;

 private:
  resolve::image_lock lock_;
  std::string file_;
};

/// --offline without a lock: every reference fails, and no registry is contacted.
class no_digests final : public digest_source {
 public:
  [[nodiscard]] std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override;
};

struct digest_choice {
  /// Path of a lock file; empty: none.
  std::string lock_file;
  bool offline = false;
  /// Of look-ups in registries; null: none.
  registry_digests::progress on_progress{};
};

/// The source of a command: the lock when there is one, no_digests when offline, else the registries. Errors name the
/// file or the setting.
[[nodiscard]] result<std::unique_ptr<digest_source>> open_digests(const digest_choice& choice,
                                                                  const config::settings& s, const environment& all);

}  // namespace pinhook::access
