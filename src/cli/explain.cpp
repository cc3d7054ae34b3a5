#include <pinhook/cli/explain.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/utf8.hpp>
#include <pinhook/base/wrapped_text.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/registry/reference.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace pinhook::cli {
namespace {

using registry::reference;

// Characters of a long text that are shown before the fault, and in all.
constexpr std::size_t shown_before = 60;
constexpr std::size_t shown_in_all = 100;

using optional_text = std::optional<std::string>;

std::string explanation_json(const std::array<std::pair<std::string_view, optional_text>, 8>& members,
                             const access::access_report* report = nullptr,
                             const std::vector<pipeline::rule_match>* matches = nullptr,
                             const std::vector<pipeline::rule_verdict>* verdicts = nullptr) {
  std::string out = "{";
  for (const auto& [key, text] : members) {
    if (out.size() > 1) out += ',';
    json::append_string(out, key);
    out += ':';
    if (text)
      json::append_string(out, valid_utf8(*text));
    else
      out += "null";
  }
  if (report != nullptr) out += "," + to_json_members(*report);
  if (matches != nullptr) out += ",\"rules\":" + pipeline::to_json(*matches);
  if (verdicts != nullptr) out += ",\"signatures\":" + pipeline::to_json(*verdicts);
  return out + "}\n";
}

explanation explain_good(const reference& ref, output_format format, const access::access_report* report,
                         const std::vector<pipeline::rule_match>* matches,
                         const std::vector<pipeline::rule_verdict>* verdicts) {
  using state = rules::judgement::state;
  const bool is_unknown = verdicts != nullptr &&
                          std::ranges::find(*verdicts, state::unknown, &pipeline::rule_verdict::is) != verdicts->end();
  const int code = is_unknown || (report != nullptr && report->has_failed()) ? exit_lookup : exit_good;
  const std::string tag(ref.effective_tag());
  const auto& digest = ref.digest();
  if (format == output_format::json)
    return {explanation_json({{{"reference", ref.written()},
                               {"registry", ref.registry()},
                               {"host", ref.wire_host()},
                               {"repository", ref.repository()},
                               {"tag", tag.empty() ? optional_text() : tag},
                               {"digest", digest ? optional_text(digest->to_string()) : std::nullopt},
                               {"canonical", ref.canonical()},
                               {"error", std::nullopt}}},
                             report, matches, verdicts),
            "", code};

  const auto line = [](std::string_view name, std::string_view text) { return fmt::format("{:<12}{}\n", name, text); };
  std::string out = line("reference", ref.written());
  out += line("registry", ref.registry());
  out += line("host", ref.wire_host());
  out += line("repository", ref.repository());
  if (digest) {
    out += line("tag", tag.empty() ? "none" : tag + " (the digest decides)");
    out += line("digest", digest->to_string());
  } else {
    out += line("tag", ref.tag().empty() ? tag + " (none is written)" : tag);
    out += line("digest", "none");
  }
  out += line("canonical", ref.canonical());
  if (report != nullptr) out += to_lines(*report);
  if (matches != nullptr) out += pipeline::to_lines(*matches);
  if (verdicts != nullptr) out += pipeline::to_lines(*verdicts);
  return {std::move(out), "", code};
}

// The text in quotes, unprintable characters escaped, and a caret under the fault.
std::string pointed_at(std::string_view text, std::size_t position) {
  const std::size_t fault = position - 1;
  const std::size_t begin = fault < shown_in_all ? 0 : fault - shown_before;
  const std::string ellipsis = begin == 0 ? "" : "…";
  const std::string before = quoted(text.substr(begin, fault - begin), shown_in_all);
  // The caret is at the column of the closing quote of the text before the fault; an ellipsis is one column wide.
  const std::size_t column = before.size() - 1 + (begin == 0 ? 0 : 1);
  return fmt::format("  {}{}\n  {:>{}}\n", ellipsis, quoted(text.substr(begin), shown_in_all), '^', column + 1);
}

}  // namespace

explanation explain(std::string_view text, output_format format, const access::access_report* report,
                    const std::vector<pipeline::rule_match>* matches,
                    const std::vector<pipeline::rule_verdict>* verdicts) {
  const auto read = reference::read(text);
  if (read) return explain_good(*read, format, report, matches, verdicts);
  if (format == output_format::json)
    return {explanation_json({{{"reference", std::string(text)},
                               {"registry", std::nullopt},
                               {"host", std::nullopt},
                               {"repository", std::nullopt},
                               {"tag", std::nullopt},
                               {"digest", std::nullopt},
                               {"canonical", std::nullopt},
                               {"error", reference::parse(text).error().message}}}),
            "", exit_usage};
  const auto& fault = read.error();
  return {"",
          fmt::format("pinhook explain: not an image reference: {} (position {})\n{}", fault.reason, fault.position,
                      pointed_at(text, fault.position)),
          exit_usage};
}

std::string wrapped_rows(std::string_view rows, std::size_t width) {
  // The names of rows have twelve columns; two more set a continuation apart from the next value.
  return width == 0 ? std::string(rows) : wrapped(rows, {.width = width, .hanging = 14});
}

}  // namespace pinhook::cli
