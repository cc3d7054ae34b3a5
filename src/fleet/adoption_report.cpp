#include <pinhook/fleet/adoption_report.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace pinhook::fleet {
namespace {

constexpr std::size_t adoption_columns = 5;
using adoption_row = std::array<std::string, adoption_columns>;

// The longest reference is longer than any terminal.
constexpr std::size_t most_image = 80;

std::string_view result_word(adoption_state state, bool is_dry_run) {
  return is_dry_run && state == adoption_state::adopted ? to_string(adoption_state::pending) : to_string(state);
}

adoption_row row_of(const object_id& id, const image_adoption& one, bool is_dry_run) {
  std::string result(is_dry_run && one.state == adoption_state::adopted ? "would adopt" : to_string(one.state));
  if (one.digest && one.state != adoption_state::left) result += " " + one.digest->to_string();
  return {printable(id.ns), printable(id.to_string()), printable(one.container),
          cut_middle(printable(one.image), most_image), std::move(result)};
}

}  // namespace

std::string adoption_table(const std::vector<workload_adoption>& all, bool is_dry_run) {
  std::vector<std::pair<adoption_row, std::string>> lines;
  for (const auto& of : all)
    for (const auto& one : of.images) lines.emplace_back(row_of(of.id, one, is_dry_run), printable(one.reason));
  if (lines.empty()) return {};
  lines.insert(lines.begin(), {{"NAMESPACE", "WORKLOAD", "CONTAINER", "IMAGE", "RESULT"}, ""});
  std::array<std::size_t, adoption_columns> widths{};
  for (const auto& [cells, reason] : lines)
    for (std::size_t i = 0; i < adoption_columns; ++i) widths.at(i) = std::max(widths.at(i), cells.at(i).size());
  std::string out;
  for (const auto& [cells, reason] : lines) {
    for (std::size_t i = 0; i + 1 < adoption_columns; ++i) out += fmt::format("{:<{}}  ", cells.at(i), widths.at(i));
    out += cells.back() + "\n";
    if (!reason.empty()) out += fmt::format("  {}\n", reason);
  }
  return out;
}

std::string adoption_json(const std::vector<workload_adoption>& all, bool is_dry_run) {
  json::writer out(2);
  const auto text_or_null = [&](std::string_view key, const std::string& text) {
    out.key(key);
    text.empty() ? out.null() : out.string(text);
  };
  out.open_array();
  for (const auto& of : all)
    for (const auto& one : of.images) {
      out.open_object();
      out.member("namespace", of.id.ns);
      out.member("owner", of.id.to_string());
      out.member("container", one.container);
      out.member("image", one.image);
      out.member("result", result_word(one.state, is_dry_run));
      text_or_null("digest", one.digest ? one.digest->to_string() : "");
      text_or_null("reason", one.reason);
      text_or_null("rollout", of.rollout ? std::string(to_string(of.rollout->state)) : "");
      text_or_null("rollout_reason", of.rollout ? of.rollout->reason : "");
      out.close_object();
    }
  out.close_array();
  return std::move(out).text() + "\n";
}

std::string rollout_line(const workload_adoption& of) {
  std::string out = printable(fmt::format("{} {}: ", of.id.ns, of.id.to_string()));
  if (!of.rollout || of.rollout->state == rollout_state::ready) return out + "restarted, its Pods are ready";
  if (of.rollout->state == rollout_state::left) return out + "not restarted: " + printable(of.rollout->reason);
  if (of.rollout->state == rollout_state::failed)
    return out + "its Pods are not ready: " + printable(of.rollout->reason);
  return out + "restarted, waiting for its Pods";
}

std::string rollout_summary(const std::vector<workload_adoption>& all) {
  std::array<std::size_t, 4> counts{};
  for (const auto& one : all)
    if (one.rollout) ++counts.at(static_cast<std::size_t>(one.rollout->state));
  const auto [ready, failed, left, not_started] = counts;
  std::string out = ready == 0 ? "nothing restarted" : "restarted " + counted_noun(ready, "workload");
  // The first one that fails is the last one that is started.
  if (failed != 0) out += "; 1 did not become ready";
  if (left != 0) out += fmt::format("; {} {} left", left, left == 1 ? "is" : "are");
  if (not_started != 0) out += fmt::format("; {} not started", not_started);
  return out;
}

std::string adoption_summary(const std::vector<workload_adoption>& all, bool is_dry_run) {
  std::size_t adopted = 0, current = 0, left = 0;
  for (const auto& of : all)
    for (const auto& one : of.images) {
      if (one.state == adoption_state::adopted) ++adopted;
      if (one.state == adoption_state::current) ++current;
      if (one.state == adoption_state::left) ++left;
    }
  std::string out = adopted == 0
                        ? "nothing to adopt"
                        : fmt::format("{} {}", is_dry_run ? "would adopt" : "adopted", counted_noun(adopted, "image"));
  if (current != 0) out += fmt::format("; {} {} recorded already", current, current == 1 ? "is" : "are");
  if (left != 0) out += fmt::format("; {} {} left", left, left == 1 ? "is" : "are");
  return out;
}

}  // namespace pinhook::fleet
