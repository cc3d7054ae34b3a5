// The answer to an admission request, and the outcome of each image: for the API server, the log line and the metrics.
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {

/// The outcome of one slot, for the log line and the metrics.
struct slot_outcome {
  enum class kind : std::uint8_t { pinned, kept, failed, skipped };
  kind status = kind::skipped;
  std::string container;
  std::string from;
  /// The new reference; empty when nothing was written.
  std::string to;
  /// "cache", "stale", "registry", "recorded"; the reason when failed or skipped.
  std::string source;
};

/// A rule that an image breaks, for the log line and the metrics.
struct rule_outcome {
  std::string rule;
  /// The action taken: "deny", "warn", "audit"; in audit mode "would-deny", "would-warn". A demand to deny an image
  /// that was there before the request, and stays, becomes a "warn". "unchecked": what verifiers say could not be
  /// looked up.
  std::string_view taken;
  std::string container;
  /// As written in the object.
  std::string image;
};

/// kept: each image that is written is the one that oldObject has, so that no image changes.
enum class outcome : std::uint8_t { unchanged, kept, pinned, denied, audited, bad_request };

std::string_view to_string(outcome o) noexcept;

/// The answer for the API server and its subject.
struct verdict {
  /// 200 with an AdmissionReview, or 400 with a plain reason when the request is not a valid AdmissionReview.
  unsigned http_status = 200;
  std::string content_type = "application/json";
  std::string body;

  admission::outcome outcome = admission::outcome::unchanged;
  std::string uid;
  std::string group, kind, ns, name, operation;
  bool is_dry_run = false;
  std::vector<slot_outcome> slots;
  std::vector<rule_outcome> findings;
};

}  // namespace pinhook::admission
