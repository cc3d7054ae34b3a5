// The client's workflow of The Update Framework (TUF 1.0): from a root file that is trusted to the newest files of a
// repository, such as the trusted_root.json of the public Sigstore instance.
//
// It is a value that names the file it wants next and takes its bytes; who fetches them does not matter, since nothing
// is believed that is not signed.
//
//   auto update = tuf_update::begin({.root = text, .stored = files_of_last_time, .now = now});
//   while (const tuf_request* next = update->wanted())
//     if (auto good = update->take(fetch(*next)); !good) return fail(good.error());
//   update->files()        // all that is to be stored
//
// Checked: each root from N to N+1 by the keys of both; signatures of each role up to its threshold; expiry of the
// newest file of each role; versions that go back, also against what was stored; lengths and hashes where they are
// signed; delegations by paths and by hashes of paths.
//
// Source: https://theupdateframework.github.io/specification/v1.0.33/#detailed-client-workflow, and python-tuf 7 where
// that leaves room. Pure; one thread at a time.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/trust/tuf_delegation.hpp>
#include <pinhook/trust/tuf_listing.hpp>
#include <pinhook/trust/tuf_root.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The file of the public Sigstore instance, and of those made like it.
inline constexpr std::string_view trusted_root_target = "trusted_root.json";

/// Bytes of files of each role; python-tuf has the same limits.
inline constexpr std::size_t max_root_bytes = 512'000;
inline constexpr std::size_t max_timestamp_bytes = 16'384;
inline constexpr std::size_t max_snapshot_bytes = 2'000'000;
inline constexpr std::size_t max_targets_bytes = 5'000'000;
/// Bytes of one target: trust roots have some 10,000.
inline constexpr std::size_t max_target_bytes = std::size_t{4} * 1024 * 1024;
/// Roles that are asked for one target.
inline constexpr std::size_t max_delegations = 32;

struct tuf_request {
  /// Below the address of the repository, encoded for a URL: "5.root.json", "targets/1f…e2.trusted_root.json".
  std::string path;
  /// Bytes; a longer one is not read.
  std::size_t most = 0;
  /// It need not be there (the next root file).
  bool is_optional = false;
};

struct tuf_options {
  /// A root file that is trusted; empty: the stored one.
  std::string root;
  /// `files()` of the last time; empty: there was none.
  std::map<std::string, std::string> stored = {};
  /// Paths of the targets that are wanted.
  std::vector<std::string> targets{std::string(trusted_root_target)};
  wall_time now{};
};

/// The names of `stored`, and of `tuf_update::files()`, for these targets.
[[nodiscard]] std::vector<std::string> tuf_stored_names(const std::vector<std::string>& targets);

/// The versions of what was verified; 0: not yet.
struct tuf_versions {
  std::int64_t root = 0;
  std::int64_t timestamp = 0;
  std::int64_t snapshot = 0;
  std::int64_t targets = 0;
};

class tuf_update {
 public:
  /// invalid_input: the root file, a stored file or the path of a target cannot be used.
  [[nodiscard]] static result<tuf_update> begin(tuf_options options);

  /// Null: all is verified.
  [[nodiscard]] const tuf_request* wanted() const { return wanted_ ? &*wanted_ : nullptr; }

  /// The bytes of the wanted file; no value: it is not there. After an error nothing more may be taken. Messages name
  /// the file and the role, and end with what to do. denied: it is not signed by those who must, has expired, is older
  /// than one that was seen, or is not the file that was signed for; malformed: it cannot be read; not_found: it is
  /// not there.
  [[nodiscard]] result<void> take(std::optional<std::string> bytes);

  /// When nothing more is wanted: the targets by the last part of their paths, and the metadata that the next update
  /// compares with ("tuf.root.json", "tuf.timestamp.json", "tuf.snapshot.json"). Names can be keys of a ConfigMap.
  [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }
  /// The newest root file that was verified, also after an error; empty: none after the one that it began with. It is
  /// to be stored whatever became of the rest (§5.3.8 of the specification): from then on the keys that it took away
  /// count for nothing.
  [[nodiscard]] std::string newest_root() const;
  [[nodiscard]] const tuf_versions& versions() const { return versions_; }
  /// When the first of the metadata files expires.
  [[nodiscard]] wall_time expires() const { return expires_; }

 private:
  enum class stage : std::uint8_t { root, timestamp, snapshot, targets, target };

  tuf_update(tuf_options options, tuf_root root) : options_(std::move(options)), root_(std::move(root)) {}

  static result<tuf_root> trusted_start(const tuf_options& options);

  [[nodiscard]] delegated_role top_level(std::string_view name) const;
  [[nodiscard]] bool is_consistent() const;
  [[nodiscard]] std::string versioned(std::string_view name, std::int64_t version) const;
  [[nodiscard]] result<std::optional<tuf_file>> stored_before(std::string_view name, std::string_view role) const;
  [[nodiscard]] std::string stored_text(std::string_view name) const;
  result<void> check_expiry(std::string_view name, std::string_view role, const tuf_file& file);
  void want(stage of, std::string path, std::size_t most, bool is_optional = false);
  void want_next_root();
  void search_next_target();

  result<void> take_root(std::string bytes);
  result<void> begin_timestamp();
  result<void> take_timestamp(std::string bytes);
  result<void> begin_snapshot();
  result<void> take_snapshot(std::string bytes);
  result<void> take_role(std::string_view bytes);
  result<void> take_target(std::string bytes);
  result<void> advance();
  result<bool> ask(const delegated_role& one);
  result<bool> begin_target(const json::value& row);

  tuf_options options_;
  tuf_root root_;
  stage stage_ = stage::root;
  std::optional<tuf_request> wanted_;
  std::size_t roots_taken_ = 0;
  std::optional<tuf_file> timestamp_;
  /// The one that the timestamp lists.
  tuf_listing snapshot_row_;
  /// The stored one, then the new one.
  std::optional<tuf_file> snapshot_;
  /// Files of roles for targets, compared with the snapshot; by role.
  std::map<std::string, tuf_file, std::less<>> roles_;
  /// The search for the target at `target_`: the roles that are to be asked, the next last.
  std::size_t target_ = 0;
  std::vector<delegated_role> to_ask_;
  std::set<std::string, std::less<>> asked_;
  tuf_listing target_row_;

  std::map<std::string, std::string> files_;
  tuf_versions versions_;
  wall_time expires_ = wall_time::max();
};

}  // namespace pinhook::trust
