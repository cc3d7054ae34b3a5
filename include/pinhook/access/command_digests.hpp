// Digests for commands: tag references in, what they mean out, all at once. Registries, or a lock file, stand behind.
//
//   auto digests = registry_digests::open(settings, environment());
//   auto answers = (*digests)->find(references);
//
// Thread rule: one thread; `find` blocks until every answer is there.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/platform.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/image_lock.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::access {

/// The one seam between commands and registries. In tests: fake_digests (tests/support).
class digest_source {
 public:
  virtual ~digest_source() = default;
  /// One result a reference, in their order. References of one meaning (canonical) are asked once. Errors as
  /// registry::client::resolve, each message a whole sentence about that reference.
  [[nodiscard]] virtual std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) = 0;
};

/// Asks registries as the webhook does: mirrors, credentials. How often, and for how long: lookup_queue.hpp, with
/// resolver.lookup_limit as the limit of a try and resolver.host_concurrency as what one registry is asked at once. A
/// signal ends the command as it ends any program.
class registry_digests final : public digest_source {
 public:
  /// Called with how many of how many are known by now, from `find`.
  using progress = std::function<void(std::size_t done, std::size_t total)>;

  /// `s` as config::settings_for_files gives them: $DOCKER_CONFIG counts through them alone. Log lines are from here on
  /// as `s` says. Errors name the file or the setting.
  [[nodiscard]] static result<std::unique_ptr<registry_digests>> open(const config::settings& s,
                                                                      const config::variables& all, progress tell = {});
  ~registry_digests() override;
  [[nodiscard]] std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override;

  /// The digest of one platform's manifest within what the reference means. not_found: the index has none for it; the
  /// message lists those it has. An image that is no index: its own digest when its configuration is of that platform,
  /// else not_found. Each costs a GET of the manifest, which Docker Hub counts as a pull.
  [[nodiscard]] std::vector<result<registry::digest>> find_platform(const std::vector<registry::reference>& refs,
                                                                    const registry::platform& wanted);

 private:
  struct parts;
  explicit registry_digests(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

/// A line "resolving 120/300 images" on standard error, rewritten in place and gone at the end; null where standard
/// error is no terminal.
[[nodiscard]] registry_digests::progress terminal_progress();

/// From a lock alone: what it does not hold is not_found, and the message says how to add it. Asks no registry.
class locked_digests final : public digest_source {
 public:
  /// `file`: the lock's path, for messages.
  locked_digests(resolve::image_lock lock, std::string file) : lock_(std::move(lock)), file_(std::move(file)) {}
  [[nodiscard]] std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override;

 private:
  resolve::image_lock lock_;
  std::string file_;
};

/// --offline without a lock: every reference fails, nobody is asked.
class no_digests final : public digest_source {
 public:
  [[nodiscard]] std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override;
};

struct digest_choice {
  /// Path of a lock file; empty: none.
  std::string lock_file;
  bool offline = false;
};

/// Whom a command asks: the lock when there is one, nobody when offline, else the registries, with a progress line on
/// standard error when that is a terminal. Errors name the file or the setting.
[[nodiscard]] result<std::unique_ptr<digest_source>> open_digests(const digest_choice& how, const config::settings& s,
                                                                  const config::variables& all);

}  // namespace pinhook::access
