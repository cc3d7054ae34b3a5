// AdmissionReview of admission.k8s.io/v1: the request decoded as far as it is needed, the response encoded.
//
// Source: k8s.io/api/admission/v1 types.go. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/json_cursor.hpp>
#include <pinhook/pin/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::admission {

/// Bytes of a request's uid (a UUID has 36); it is echoed.
inline constexpr std::size_t max_uid_size = 256;

/// Bytes of a namespace's name (RFC 1123's label), and of other names in a request (RFC 1123's subdomain; apimachinery,
/// util/validation). Longer ones are no API server's.
inline constexpr std::size_t max_request_namespace = 63;
inline constexpr std::size_t max_request_name = 253;

/// Bytes of a review in which read_review_head looks. Only userInfo in it has no size of its own.
inline constexpr std::size_t max_head_size = std::size_t{64} * 1024;

/// Bytes of status.message and of one audit annotation: enough for dozens of images, small in an audit log.
inline constexpr std::size_t max_message_size = 4 * 1024;

/// Bytes of a warning, and the number of warnings. Clients show each on a line, and types.go asks for 120 characters at
/// most; API servers pass all of them whole up to 4,096 characters together, and cut to 256 each only beyond
/// (apiserver, endpoints/filters/warning.go). All of ours are less than these, so that only pinhook cuts them.
inline constexpr std::size_t max_warning_size = 256;
inline constexpr std::size_t max_warnings = 10;
static_assert(max_warnings * max_warning_size <= 4'096);

struct review {
  std::string uid;
  pin::operation operation = pin::operation::create;
  std::string group, kind, subresource, ns;
  /// Empty when the API server makes it from generateName.
  std::string name;
  /// The text of request.object and request.oldObject; empty when missing or null. They point into the body.
  std::string_view object, old_object;
  /// The API server stores nothing, whatever the answer.
  bool is_dry_run = false;

  [[nodiscard]] pin::request pin_request() const { return {operation, group, kind, subresource, ns}; }
};

/// "CREATE", "UPDATE", "DELETE", "CONNECT".
[[nodiscard]] std::string_view to_string(pin::operation o) noexcept;

/// Reads an object where it is met and its group and kind are known, so that its text is passed once: the next value of
/// `at`, which is moved behind it. False: it was not read, `at` is where it was, and the text is passed over; whoever
/// reads it later finds its faults.
using object_reader = std::function<bool(json::cursor& at, std::string_view group, std::string_view kind, bool is_old)>;

/// invalid_input: not a valid AdmissionReview v1; the message names the field and the fault.
[[nodiscard]] result<review> decode_review(std::string_view body, const object_reader& early = {});

/// The review without its objects, from the fields before them; is_dry_run, which comes after them, is false.
/// Reading takes a few µs whatever the size of the objects. Nothing: this is not the beginning of a review as API
/// servers write it (types.go: kind, apiVersion, then the request with the objects behind uid, kind, namespace and
/// operation).
[[nodiscard]] std::optional<review> read_review_head(std::string_view body);

/// The status of a refused request: metav1.Status.
struct refusal {
  unsigned code = 403;
  std::string_view reason = "Forbidden";
  /// status.message, a line each. In a line unprintable characters are escaped: its only control characters are the
  /// breaks between the lines.
  std::vector<std::string> lines;
};

struct warning {
  /// Unprintable characters are escaped; a text longer than max_warning_size is cut, its longest words first.
  std::string text;
  /// It is a line to copy, which mends the fault that another warning names.
  bool is_line = false;
};

struct answer {
  bool is_allowed = true;
  /// Used when the request is not allowed.
  refusal status;
  /// A JSON Patch, or empty.
  std::string patch;
  /// Those over max_warnings are counted.
  std::vector<warning> warnings;
  /// Name and value; the API server puts the webhook's name before it, and drops a name with a slash or a space
  /// (docs/api-server.md).
  std::vector<std::pair<std::string_view, std::string>> audit;
};

[[nodiscard]] std::string encode_review(std::string_view uid, const answer& a);

}  // namespace pinhook::admission
