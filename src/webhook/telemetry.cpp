#include <pinhook/webhook/telemetry.hpp>

#include <pinhook/base/printable.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace pinhook::webhook {
namespace {

using kind = admission::slot_outcome::kind;

std::string_view name_of(kind k) {
  constexpr std::array<std::string_view, 4> names{"pinned", "kept", "failed", "skipped"};
  return names.at(static_cast<std::size_t>(k));
}

bool has_digest(kind k) { return k == kind::pinned || k == kind::kept; }

server::cache_lookup lookup_of(resolve::cache_event event) {
  switch (event) {
    case resolve::cache_event::fresh:
      return server::cache_lookup::fresh;
    case resolve::cache_event::negative:
      return server::cache_lookup::negative;
    case resolve::cache_event::stale:
      return server::cache_lookup::stale;
    case resolve::cache_event::miss:
      return server::cache_lookup::miss;
  }
  return server::cache_lookup::miss;
}

// Bytes of one text of a user in a line: as in messages.
constexpr std::size_t max_container = 63;
constexpr std::size_t max_image = 256;
constexpr std::size_t max_reason = 600;

// Bytes of the images and of the findings in a line. Together they are less than the 256 KiB that stores of logs take
// in a line (Loki's max_line_size, Google's LogEntry, CloudWatch's event).
constexpr std::size_t max_images_size = std::size_t{160} * 1024;
constexpr std::size_t max_findings_size = std::size_t{64} * 1024;

// The text, or `room` with its begin and its end.
std::string_view shortened(std::string_view text, std::size_t most, std::string& room) {
  if (text.size() <= most) return text;
  room = cut_middle(text, most);
  return room;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view one : parts) size += one.size();
  std::string out;
  out.reserve(size);
  for (const std::string_view one : parts) out += one;
  return out;
}

template <class Outcome>
std::vector<std::string> described(const std::vector<Outcome>& all, std::size_t most) {
  std::vector<std::string> out;
  out.reserve(all.size());
  std::size_t size = 0;
  for (const Outcome& one : all) {
    std::string text = describe(one);
    size += text.size();
    if (size > most) {
      out.push_back(fmt::format("and {} more", all.size() - out.size()));
      break;
    }
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace

void telemetry::registry_request(std::string_view host, int status, std::string_view outcome,
                                 std::chrono::nanoseconds took) {
  numbers_.count_registry_request(host, status == 0 ? std::string(outcome) : fmt::format("{}", status), took);
}

void telemetry::token_fetched(std::string_view host, std::string_view outcome) { numbers_.count_token(host, outcome); }

void telemetry::rate_limit_remaining(std::string_view host, std::int64_t remaining) {
  numbers_.set_pulls_remaining(host, remaining);
}

void telemetry::cache_met(resolve::cache_event event) { numbers_.count_cache_lookup(lookup_of(event)); }

void telemetry::lookup_started(bool) {}
void telemetry::lookup_joined() {}
void telemetry::lookup_ended(bool, std::optional<error_code>) {}

void telemetry::trouble_changed(std::string_view registry, resolve::part which, int change) {
  numbers_.add_trouble(registry, to_string(which), change);
}

void telemetry::lookup_gave_way() { numbers_.count_displaced_lookup(); }

void telemetry::proved(std::string_view verifier, proofs::proof_outcome outcome) {
  numbers_.count_signature_verdict(verifier, to_string(outcome));
}

void telemetry::levels(std::size_t cache_entries, std::size_t) { numbers_.set_cache_entries(cache_entries); }

void telemetry::namespace_read(kube::label_event event) {
  constexpr std::array<std::string_view, 5> names{"opted_in", "not_labelled", "not_found", "not_allowed", "failed"};
  numbers_.count_namespace_read(names.at(static_cast<std::size_t>(event)));
  if (event != kube::label_event::not_allowed || is_warned_.exchange(true)) return;
  log::warning("namespaces cannot be read, so it is not checked whether they have opted in: grant get on namespaces",
               {{"setting", "callers.labelled_namespaces"}});
}

void telemetry::admitted(const admission::verdict& v, pin::mode mode, std::chrono::nanoseconds took) {
  numbers_.count_admission(to_string(mode), v.kind, to_string(v.outcome), v.is_dry_run, took);
  for (const auto& slot : v.slots)
    numbers_.count_slot(name_of(slot.status),
                        has_digest(slot.status) ? std::string_view(slot.source) : std::string_view());
  for (const auto& finding : v.findings) numbers_.count_rule_finding(finding.rule, finding.taken, v.ns);

  const auto level = level_of(v);
  if (!log::is_enabled(level)) return;
  const auto images = described(v.slots, max_images_size);
  log::fields fields{{"outcome", to_string(v.outcome)},
                     {"mode", to_string(mode)},
                     {"operation", v.operation},
                     {"kind", v.kind},
                     {"namespace", v.ns},
                     {"name", v.name},
                     {"uid", v.uid},
                     {"images", images}};
  if (v.is_dry_run) fields.emplace_back("dry_run", true);
  const auto findings = described(v.findings, max_findings_size);
  if (!findings.empty()) fields.emplace_back("findings", findings);
  if (v.outcome == admission::outcome::bad_request) fields.emplace_back("why", v.body);
  fields.emplace_back("duration_ms", std::chrono::duration<double, std::milli>(took).count());
  log::write(level, "admission", fields);
}

log::level level_of(const admission::verdict& v) {
  if (v.outcome == admission::outcome::bad_request) return log::level::warning;
  const bool failed = std::ranges::any_of(v.slots, [](const auto& slot) { return slot.status == kind::failed; });
  const bool is_news = failed || !v.findings.empty() ||
                       (v.outcome != admission::outcome::unchanged && v.outcome != admission::outcome::kept);
  return is_news ? log::level::info : log::level::debug;
}

std::string describe(const admission::slot_outcome& slot) {
  std::array<std::string, 4> rooms;
  const std::string_view from = shortened(slot.from, max_image, rooms[1]);
  const std::string_view source = shortened(slot.source, max_reason, rooms[3]);
  const std::string_view colon = slot.container.empty() ? "" : ": ";
  const std::string_view container = shortened(slot.container, max_container, rooms[0]);
  const std::string_view to = shortened(slot.to, max_image, rooms[2]);
  const std::string_view arrow = to.empty() ? "" : " -> ";
  return joined({container, colon, from, arrow, to, " (", source, ")"});
}

std::string describe(const admission::rule_outcome& finding) {
  std::array<std::string, 2> rooms;
  const std::string_view colon = finding.container.empty() ? "" : ": ";
  return fmt::format("{} {}: {}{}{}", finding.taken, finding.rule,
                     shortened(finding.container, max_container, rooms[0]), colon,
                     shortened(finding.image, max_image, rooms[1]));
}

}  // namespace pinhook::webhook
