// Counters of events and gauges, in the Prometheus text format. `metric_table` has the names and labels;
// docs/metrics.md shows it.
//
//   metrics m;
//   m.count_admission("enforce", "Deployment", "pinned", false, 1.8ms);
//   … GET /metrics → m.render()
//
// Labels with values from peers (kinds, hosts, statuses, namespaces) have a bounded set of values; the rest is "other".
//
// Thread rule: every function from any thread. Counting an admission takes no lock that is shared between metrics:
// counters are found through fixed tables of atomics.
#pragma once

#include <pinhook/base/clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pinhook::server {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

std::string_view to_string(metric_type t) noexcept;

struct metric_info {
  std::string_view name;
  metric_type type;
  /// Comma-separated; empty: none.
  std::string_view labels;
  std::string_view help;
};

/// Positions in metric_table.
enum class metric : std::uint8_t {
  admissions,
  admission_duration,
  slots,
  cache_lookups,
  cache_entries,
  registry_requests,
  registry_duration,
  tokens,
  pulls_remaining,
  registry_trouble,
  displaced_lookups,
  connections,
  connections_total,
  connections_rejected,
  connections_evicted,
  responses,
  handshake_failures,
  callers,
  callers_verified,
  namespaces_read,
  withheld_lookups,
  certificate_expiry,
  certificate_reloads,
  certificate_trusted,
  certificate_changes,
  certificate_failures,
  lock_images,
  lock_reloads,
  moves_tags,
  moves_written,
  moves_reloads,
  verifier_reloads,
  signature_verdicts,
  rule_findings,
  rules,
  configuration_reloads,
  configuration_current,
  stalled_reads,
  build_info,
  process_cpu,
  process_memory,
  process_start,
  process_descriptors,
  process_descriptor_limit,
};

inline constexpr auto metric_table = std::to_array<metric_info>({
    {"pinhook_admissions_total", metric_type::counter, "mode,kind,outcome,dry_run",
     "Admission requests answered, by mode, kind of object, outcome (unchanged, kept, pinned, denied, audited, "
     "bad_request), and whether they were dry runs (true, false)."},
    {"pinhook_admission_duration_seconds", metric_type::histogram, "mode",
     "From the first byte of an admission request to its answer."},
    {"pinhook_slots_total", metric_type::counter, "outcome,source",
     "Image references in requests, by outcome (pinned, kept, failed, skipped) and source of the digest "
     "(cache, stale, registry, recorded, lock, none)."},
    {"pinhook_cache_lookups_total", metric_type::counter, "result",
     "Look-ups in the digest cache: fresh, stale, negative (a remembered failure), miss."},
    {"pinhook_cache_entries", metric_type::gauge, "", "Entries in the digest cache."},
    {"pinhook_registry_requests_total", metric_type::counter, "host,status",
     "Requests to registries, by host and HTTP status, or the kind of failure when there was no response."},
    {"pinhook_registry_request_duration_seconds", metric_type::histogram, "host",
     "From sending a request to a registry to the end of its response."},
    {"pinhook_registry_tokens_total", metric_type::counter, "host,result",
     "Tokens asked of token servers, by host and result (ok or the kind of failure)."},
    {"pinhook_registry_pulls_remaining", metric_type::gauge, "host",
     "Pulls that a registry still grants (ratelimit-remaining), as of its last report."},
    {"pinhook_registry_trouble", metric_type::gauge, "host,part",
     "Parts of a registry that fail and are retried only now and then: the registry itself (1), the number of its "
     "repositories, the number of credentials there."},
    {"pinhook_displaced_lookups_total", metric_type::counter, "",
     "Look-ups that gave their place to another namespace's: one namespace asks for more than its share."},
    {"pinhook_connections", metric_type::gauge, "listener", "Open connections."},
    {"pinhook_connections_total", metric_type::counter, "listener", "Connections accepted."},
    {"pinhook_connections_rejected_total", metric_type::counter, "listener",
     "Connections closed at once because the limit is reached and every other has a request under way."},
    {"pinhook_connections_evicted_total", metric_type::counter, "listener",
     "Connections closed for a new one because the limit is reached: without any request yet, or idle the longest."},
    {"pinhook_http_responses_total", metric_type::counter, "listener,status", "HTTP responses sent, by status."},
    {"pinhook_tls_handshake_failures_total", metric_type::counter, "reason",
     "TLS handshakes that failed: timeout, closed (the peer went away), protocol, no_certificate (there is none yet)."},
    {"pinhook_callers_total", metric_type::counter, "caller",
     "Requests for admission, by caller: any (callers.client_ca is not set, so it is not known who calls), known (its "
     "client certificate counts); refused where callers.required is true: no_certificate, invalid_certificate, "
     "other_name (not one of callers.names)."},
    {"pinhook_callers_verified", metric_type::gauge, "",
     "1 when only callers with a client certificate that counts are answered, 0 when whoever reaches the port is."},
    {"pinhook_namespaces_read_total", metric_type::counter, "result",
     "Reads of namespaces to see whether they have opted in: opted_in; not_labelled, not_found (no credentials are "
     "used for them); not_allowed (RBAC), failed."},
    {"pinhook_withheld_lookups_total", metric_type::counter, "",
     "Look-ups with pull secrets that were not begun, since the caller's address has used up callers.lookups."},
    {"pinhook_certificate_expiry_timestamp_seconds", metric_type::gauge, "",
     "When the serving certificate expires, in seconds since the epoch."},
    {"pinhook_certificate_reloads_total", metric_type::counter, "result",
     "Changed certificate files taken into use (success) or found to be invalid (failure)."},
    {"pinhook_certificate_trusted", metric_type::gauge, "",
     "1 when the caBundle of every webhook trusts the serving certificate, else 0; only where that is checked."},
    {"pinhook_certificate_changes_total", metric_type::counter, "what",
     "Changes made to keep the serving certificate: secret and bundle were written, another certificate was served."},
    {"pinhook_certificate_failures_total", metric_type::counter, "",
     "Failures of reading or writing the Secret or the caBundles, without their repetitions."},
    {"pinhook_lock_images", metric_type::gauge, "", "Images that the lock file in use holds; only where there is one."},
    {"pinhook_lock_reloads_total", metric_type::counter, "result",
     "Changed lock files taken into use (success) or found to be invalid (failure)."},
    {"pinhook_moves_tags", metric_type::gauge, "",
     "Tags that the file of moved tags in use holds; only where there is one."},
    {"pinhook_moves_written_timestamp_seconds", metric_type::gauge, "",
     "When the file of moved tags in use was written, in seconds since the epoch: alert when reports stop."},
    {"pinhook_moves_reloads_total", metric_type::counter, "result",
     "Changed files of moved tags taken into use (success) or found to be invalid (failure)."},
    {"pinhook_verifier_reloads_total", metric_type::counter, "result",
     "Changed files of verifiers (keys, roots, policies) taken into use (success) or found to be invalid (failure)."},
    {"pinhook_signature_verdicts_total", metric_type::counter, "verifier,result",
     "Images that a verifier looked at, by its name and the result: accepted, refused, failed (a registry did not "
     "answer). Verdicts from the cache are not counted."},
    {"pinhook_rule_findings_total", metric_type::counter, "rule,action,namespace",
     "Images that break a rule, by rule, action (deny, warn, audit; in audit mode also would-deny and would-warn; "
     "unchecked: its signatures could not be looked up) and namespace of the object."},
    {"pinhook_rules", metric_type::gauge, "", "Rules in use, those of presets included."},
    {"pinhook_configuration_reloads_total", metric_type::counter, "result",
     "Changed configuration files taken into use (success) or found to be invalid (failure)."},
    {"pinhook_configuration_current", metric_type::gauge, "",
     "1 when the current configuration file is in use, 0 when it is invalid and the one before stays in use; only "
     "where there is one."},
    {"pinhook_stalled_reads", metric_type::gauge, "files",
     "1 while reading files (certificate, configuration, lock, moves, credentials, look-ups) takes more than 10 s: "
     "their "
     "volume hangs; else 0, once it did."},
    {"pinhook_build_info", metric_type::gauge, "version,compiler", "Always 1; the labels name the running program."},
    {"process_cpu_seconds_total", metric_type::counter, "", "Time of processors used, user and system."},
    {"process_resident_memory_bytes", metric_type::gauge, "", "Memory in use."},
    {"process_start_time_seconds", metric_type::gauge, "", "When the process started, in seconds since the epoch."},
    {"process_open_fds", metric_type::gauge, "", "Open file descriptors."},
    {"process_max_fds", metric_type::gauge, "", "Limit of open file descriptors."},
});

/// How a caller is known: any (it is not asked for a certificate) and known are answered, the others refused.
enum class caller : std::uint8_t { any, known, no_certificate, invalid_certificate, other_name };
enum class cache_lookup : std::uint8_t { fresh, stale, negative, miss };
enum class handshake_failure : std::uint8_t { timeout, closed, protocol, no_certificate };
/// Changes made to keep the serving certificate: the Secret, the caBundles, the certificate that is served.
enum class certificate_change : std::uint8_t { secret, bundle, served };

/// The counters of one listener, held by its sessions.
class connection_metrics {
 public:
  virtual ~connection_metrics() = default;
  virtual void opened() = 0;
  virtual void closed() = 0;
  virtual void rejected() = 0;
  virtual void evicted() = 0;
  virtual void count_response(unsigned status) = 0;
  virtual void count_handshake_failure(handshake_failure reason) = 0;
};

class metrics {
 public:
  /// The number of hosts with label values of their own, in order of appearance; a cluster pulls from a handful.
  static constexpr std::size_t host_limit = 50;

  /// The number of label sets of findings that are counted apart, in order of appearance: some tens of rules that some
  /// tens of namespaces break. Later ones are counted under the namespace "other" in up to half as many more sets, and
  /// then under the rule "other".
  static constexpr std::size_t finding_limit = 1'000;

  metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;
  ~metrics();

  void count_admission(std::string_view mode, std::string_view kind, std::string_view outcome, bool is_dry_run,
                       std::chrono::nanoseconds took);
  /// `source` is empty for a slot that got no digest.
  void count_slot(std::string_view outcome, std::string_view source);

  void count_cache_lookup(cache_lookup found);
  void set_cache_entries(std::size_t count);

  /// `status`: three digits, or the name of an error code.
  void count_registry_request(std::string_view host, std::string_view status, std::chrono::nanoseconds took);
  /// `outcome`: "ok" or the name of an error code.
  void count_token(std::string_view host, std::string_view outcome);

  /// `part`: registry, repository or credential.
  void add_trouble(std::string_view host, std::string_view part, int change);
  void count_displaced_lookup();
  void set_pulls_remaining(std::string_view host, std::int64_t remaining);

  void count_caller(caller kind);
  void set_callers_verified(bool are_verified);
  /// `event`: "opted_in", "not_labelled", "not_found", "not_allowed", "failed".
  void count_namespace_read(std::string_view event);
  void count_withheld_lookup();

  void count_reload(bool good);
  void set_certificate_expiry(wall_time when);
  void set_certificate_trusted(bool is_trusted);
  void count_certificate_change(certificate_change kind);
  void count_certificate_failure();

  void set_lock_images(std::size_t count);
  void count_lock_reload(bool good);

  void set_moves(std::size_t tags, wall_time written);
  void count_moves_reload(bool good);

  void count_verifier_reload(bool good);
  /// `verifier`: of the configuration. `outcome`: "accepted", "refused", "failed".
  void count_signature_verdict(std::string_view verifier, std::string_view outcome);

  /// `taken`: "deny", "warn", "audit", "would-deny", "would-warn", "unchecked".
  void count_rule_finding(std::string_view rule, std::string_view taken, std::string_view ns);
  void set_rules(std::size_t count);
  void count_configuration_reload(bool good);
  void set_configuration_current(bool is_current);
  void set_stalled_read(std::string_view files, bool is_stalled);

  /// The counters of the listener of that name ("webhook", "admin"); lives as long as this object.
  [[nodiscard]] connection_metrics& listener(std::string_view name);

  /// Everything as text/plain; version=0.0.4.
  [[nodiscard]] std::string render();
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::server
