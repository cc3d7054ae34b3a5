#include <pinhook/admission/review.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/json_bytes.hpp>
#include <pinhook/base/json_cursor.hpp>
#include <pinhook/base/printable.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

namespace pinhook::admission {
namespace {

constexpr std::string_view api_version = "admission.k8s.io/v1";
constexpr std::string_view review_kind = "AdmissionReview";

constexpr std::array<std::pair<std::string_view, pin::operation>, 4> operations{{{"CREATE", pin::operation::create},
                                                                                 {"UPDATE", pin::operation::update},
                                                                                 {"DELETE", pin::operation::remove},
                                                                                 {"CONNECT", pin::operation::connect}}};

auto invalid_review(std::string_view field, std::string_view fault) {
  return fail(error_code::invalid_input, fmt::format("invalid AdmissionReview: {} {}", field, fault));
}

// A field of any type that may be missing.
struct text_field {
  std::optional<std::string> text;
  bool is_there = false;

  void take(json::cursor& at) {
    if (is_there) at.reject("a duplicate key");
    is_there = true;
    if (at.peek() == json::kind::string)
      text = at.read_text();
    else
      at.skip();
  }
  std::string_view or_empty() const { return text ? std::string_view(*text) : std::string_view(); }
};

struct raw_request {
  text_field uid, operation, subresource, ns, name, group, kind;
  std::string_view object, old_object;
  bool has_object = false, has_old_object = false, has_kind = false;
  bool is_dry_run = false;
};

void take_once(json::cursor& at, bool& seen) {
  if (seen) at.reject("a duplicate key");
  seen = true;
}

void take_kind(json::cursor& at, raw_request& out) {
  take_once(at, out.has_kind);
  if (at.peek() != json::kind::object) {
    at.skip();
    return;
  }
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "group")
      out.group.take(at);
    else if (key == "kind")
      out.kind.take(at);
    else
      at.skip();
  }
}

// `early`: reads the object where its kind is known.
void take_object(json::cursor& at, bool& seen, std::string_view& into, const raw_request& of,
                 const object_reader& early) {
  take_once(at, seen);
  const bool is_null = at.peek() == json::kind::null;
  const std::size_t begin = at.offset();
  if (early && of.kind.text && early(at, of.group.or_empty(), *of.kind.text, &into == &of.old_object)) {
    into = at.since(begin);
    return;
  }
  const std::string_view text = at.skip();
  if (!is_null) into = text;
}

// The part of a review that is read: all of it, or the fields before its objects.
enum class part : std::uint8_t { whole, head };

void take_request(json::cursor& at, raw_request& out, part wanted, const object_reader& early) {
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (wanted == part::head && (key == "object" || key == "oldObject")) return;
    if (key == "uid")
      out.uid.take(at);
    else if (key == "operation")
      out.operation.take(at);
    else if (key == "subResource")
      out.subresource.take(at);
    else if (key == "namespace")
      out.ns.take(at);
    else if (key == "name")
      out.name.take(at);
    else if (key == "kind")
      take_kind(at, out);
    else if (key == "object")
      take_object(at, out.has_object, out.object, out, early);
    else if (key == "oldObject")
      take_object(at, out.has_old_object, out.old_object, out, early);
    else if (key == "dryRun" && at.peek() == json::kind::boolean)
      out.is_dry_run = at.read_bool();
    else
      at.skip();
  }
}

struct raw_review {
  text_field version, kind;
  bool has_request = false;
  bool is_object = false;
  raw_request request;
};

void take_review(json::cursor& at, raw_review& out, part wanted, const object_reader& early = {}) {
  json::string key;
  for (at.enter_object(); at.next_key(key);) {
    if (key == "apiVersion") {
      out.version.take(at);
    } else if (key == "kind") {
      out.kind.take(at);
    } else if (key == "request") {
      take_once(at, out.has_request);
      out.is_object = at.peek() == json::kind::object;
      if (out.is_object)
        take_request(at, out.request, wanted, early);
      else
        at.skip();
      if (wanted == part::head) return;
    } else {
      at.skip();
    }
  }
}

// Texts of the request that are kept as keys, in log lines and in labels of metrics: no API server writes longer ones,
// but it may be somebody else who calls.
std::optional<error> fault_of_sizes(const raw_request& raw) {
  struct limit {
    std::string_view field;
    std::string_view text;
    std::size_t most;
  };
  for (const limit& one : {limit{"request.uid", raw.uid.or_empty(), max_uid_size},
                           limit{"request.namespace", raw.ns.or_empty(), max_request_namespace},
                           limit{"request.name", raw.name.or_empty(), max_request_name},
                           limit{"request.kind.group", raw.group.or_empty(), max_request_name},
                           limit{"request.kind.kind", raw.kind.or_empty(), max_request_name},
                           limit{"request.subResource", raw.subresource.or_empty(), max_request_name}})
    if (one.text.size() > one.most)
      return invalid_review(one.field, fmt::format("is longer than {} bytes", one.most)).error();
  return std::nullopt;
}

result<review> check_request(raw_request raw) {
  if (!raw.uid.text || raw.uid.text->empty()) return invalid_review("request.uid", "is missing or not a string");
  if (auto fault = fault_of_sizes(raw)) return fail(*std::move(fault));
  if (!raw.kind.text || raw.kind.text->empty())
    return invalid_review("request.kind.kind", "is missing or not a string");
  review out;
  const std::string_view operation = raw.operation.or_empty();
  bool is_known = false;
  for (const auto& [name, value] : operations) {
    if (name != operation) continue;
    out.operation = value;
    is_known = true;
  }
  if (!is_known)
    return invalid_review("request.operation", fmt::format("is {}; CREATE, UPDATE, DELETE or CONNECT is expected",
                                                           raw.operation.is_there ? quoted(operation, 40) : "missing"));
  out.uid = std::move(*raw.uid.text);
  out.group = raw.group.or_empty();
  out.kind = std::move(*raw.kind.text);
  out.subresource = raw.subresource.or_empty();
  out.ns = raw.ns.or_empty();
  out.name = raw.name.or_empty();
  out.object = raw.object;
  out.old_object = raw.old_object;
  out.is_dry_run = raw.is_dry_run;
  return out;
}

result<review> check(raw_review raw) {
  const std::string_view kind = raw.kind.or_empty();
  const std::string_view version = raw.version.or_empty();
  if (kind != review_kind)
    return invalid_review(
        "kind", raw.kind.is_there ? fmt::format("is {}; {} is expected", quoted(kind, 80), review_kind) : "is missing");
  if (version != api_version)
    return invalid_review("apiVersion", raw.version.is_there
                                            ? fmt::format("is {}; {} is expected", quoted(version, 80), api_version)
                                            : "is missing");
  if (!raw.is_object) return invalid_review("request", "is missing or not an object");
  return check_request(std::move(raw.request));
}

// `text` may contain texts of users and registries: it is made fit for a terminal, and cut to `size` bytes.
void append_shown(std::string& out, std::string_view text, std::size_t size) {
  const char* const end = text.data() + text.size();
  const bool is_plain =
      std::all_of(json::find_remarkable(text.data(), end), end, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (is_plain && text.size() <= size)
    json::append_string(out, text);
  else
    json::append_string(out, cut_words(is_plain ? text : std::string_view(printable(text)), size));
}

// The last lines are the most important: their writer keeps them within the limit (refusal_lines.hpp).
void append_lines(std::string& out, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += cut_words(printable(line), max_message_size - std::min(max_message_size, text.size()));
  }
  json::append_string(out, cut(text, max_message_size));
}

void append_warnings(std::string& out, const std::vector<warning>& warnings) {
  out += R"(,"warnings":[)";
  const bool is_over = warnings.size() > max_warnings;
  const std::size_t shown = is_over ? max_warnings - 1 : warnings.size();
  for (std::size_t i = 0; i < shown; ++i) {
    if (i != 0) out += ',';
    append_shown(out, warnings[i].text, max_warning_size);
  }
  if (is_over) {
    out += ',';
    json::append_string(out, fmt::format("and {} more warnings", warnings.size() - shown));
  }
  out += ']';
}

}  // namespace

std::string_view to_string(pin::operation o) noexcept {
  for (const auto& [name, value] : operations)
    if (value == o) return name;
  return "CREATE";
}

result<review> decode_review(std::string_view body, const object_reader& early) {
  json::cursor at(body);
  if (at.peek() != json::kind::object) return invalid_review("the body", "is not a JSON object");
  raw_review raw;
  take_review(at, raw, part::whole, early);
  if (!at.has_failed() && !at.is_at_end()) at.reject("unexpected text after the value");
  if (at.has_failed()) return fail(error_code::invalid_input, "invalid AdmissionReview: " + at.failure().message);
  return check(std::move(raw));
}

std::optional<review> read_review_head(std::string_view body) {
  json::cursor at(body.substr(0, max_head_size));
  raw_review raw;
  take_review(at, raw, part::head);
  if (at.has_failed()) return std::nullopt;
  auto read = check(std::move(raw));
  if (!read) return std::nullopt;
  return *std::move(read);
}

std::string encode_review(std::string_view uid, const answer& a) {
  std::string out;
  std::size_t size = 256 + a.patch.size() * 4 / 3;
  for (const auto& [key, text] : a.audit) size += key.size() + text.size() + 16;
  out.reserve(size);
  out += R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)";
  json::append_string(out, uid);
  out += a.is_allowed ? R"(,"allowed":true)" : R"(,"allowed":false)";
  if (!a.is_allowed) {
    out += fmt::format(R"(,"status":{{"status":"Failure","code":{},"reason":"{}","message":)", a.status.code,
                       a.status.reason);
    append_lines(out, a.status.lines);
    out += '}';
  }
  if (!a.patch.empty()) {
    out += R"(,"patchType":"JSONPatch","patch":")";
    append_base64(out, a.patch);
    out += '"';
  }
  if (!a.warnings.empty()) append_warnings(out, a.warnings);
  if (!a.audit.empty()) {
    out += R"(,"auditAnnotations":{)";
    for (std::size_t i = 0; i < a.audit.size(); ++i) {
      if (i != 0) out += ',';
      json::append_string(out, a.audit[i].first);
      out += ':';
      append_shown(out, a.audit[i].second, max_message_size);
    }
    out += '}';
  }
  out += "}}";
  return out;
}

}  // namespace pinhook::admission
