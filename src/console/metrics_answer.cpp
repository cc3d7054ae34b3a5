#include <pinhook/base/utf8.hpp>
#include <pinhook/console/answer_parts.hpp>
#include <pinhook/console/answers.hpp>
#include <pinhook/fleet/report.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

namespace pinhook::console {
namespace {

// "\" and line ends would break a line of metrics.
std::string label(std::string_view value) {
  std::string out;
  for (const char c : valid_utf8(value)) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

constexpr std::array<std::pair<std::string_view, std::size_t fleet::namespace_counts::*>, 9> series{
    {{"all", &fleet::namespace_counts::images},
     {"pinned", &fleet::namespace_counts::pinned},
     {"tag", &fleet::namespace_counts::tag},
     {"latest", &fleet::namespace_counts::latest},
     {"invalid", &fleet::namespace_counts::invalid},
     {"mixed", &fleet::namespace_counts::mixed},
     {"moved", &fleet::namespace_counts::moved},
     {"gone", &fleet::namespace_counts::gone},
     {"findings", &fleet::namespace_counts::findings}}};

void gauge(std::string& to, std::string_view name, std::string_view help, std::int64_t value) {
  to += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", name, help, value);
}

}  // namespace

std::string metrics_answer(const fleet_view& of, const visible_namespaces& to, const console_state& state) {
  std::string out;
  out += "# HELP pinhook_console_images Images in workloads, by namespace and state.\n";
  out += "# TYPE pinhook_console_images gauge\n";
  const auto lines = [&](std::string_view ns, const fleet::namespace_counts& one) {
    for (const auto& [name, member] : series)
      out += fmt::format("pinhook_console_images{{namespace=\"{}\",state=\"{}\"}} {}\n", label(ns), name, one.*member);
  };
  std::size_t apart = 0;
  fleet::namespace_counts others;
  for (const auto& [name, part] : of.namespaces) {
    if (!is_visible(to, name)) continue;
    if (apart++ < most_series_namespaces) {
      lines(name, part->counts);
      continue;
    }
    for (const auto& [state_name, member] : series) others.*member += part->counts.*member;
  }
  if (apart > most_series_namespaces) lines("other", others);
  std::size_t versions = 0;
  each_row(of, to, [&](const fleet::row& r) { versions += r.moved == fleet::move::version_tag ? 1U : 0U; });
  gauge(out, "pinhook_console_moved_version_tags", "Images whose version-like tag has other bytes now.",
        static_cast<std::int64_t>(versions));
  gauge(out, "pinhook_console_complete", "1 when all lists of the cluster have been read, or are refused.",
        state.is_complete ? 1 : 0);
  const auto behind = state.behind_since ? std::max(state.now - *state.behind_since, wall_time::duration::zero())
                                         : wall_time::duration::zero();
  gauge(out, "pinhook_console_behind_seconds", "For how long a list of the cluster has not been current; 0: all are.",
        std::chrono::duration_cast<std::chrono::seconds>(behind).count());
  gauge(out, "pinhook_console_references", "Tags and digests in use that registries are asked for.",
        static_cast<std::int64_t>(state.references));
  gauge(out, "pinhook_console_references_failed", "Those whose last look-up failed.",
        static_cast<std::int64_t>(state.failed));
  return out;
}

}  // namespace pinhook::console
