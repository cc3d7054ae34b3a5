#include <pinhook/pipeline/check_rules.hpp>

#include <pinhook/rules/judge.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::pipeline {
namespace {

using rules::action;
using rules::requirement;

struct own_rule {
  std::string_view name;
  rules::requirement requirement;
  rules::action action;
};

constexpr std::array<own_rule, 3> own_rules{{{rule_id::no_tag, requirement::tag, action::deny},
                                             {rule_id::latest, requirement::not_latest, action::deny},
                                             {rule_id::unpinned, requirement::digest, action::warn}}};

std::vector<rules::rule> own_as_rules() {
  std::vector<rules::rule> out;
  for (const own_rule& one : own_rules) {
    rules::rule r;
    r.name = one.name;
    r.demands.push_back({one.requirement, {}});
    r.action = one.action;
    out.push_back(std::move(r));
  }
  return out;
}

// A reason with a capital letter and a full stop.
std::string sentence(std::string_view text) {
  while (text.ends_with('.') || text.ends_with(' ')) text.remove_suffix(1);
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out + ".";
}

check_rule described(const rules::rule& r, std::string_view file) {
  check_rule out;
  out.id = r.name;
  out.level = severity_of(r.action);
  std::string titles;
  std::string reasons;
  for (const rules::demand& d : r.demands) {
    const auto& text = rules::text_of(d.requirement);
    titles += fmt::format("{}{}", titles.empty() ? "" : "; ", text.title);
    reasons += fmt::format("{}{}", reasons.empty() ? "" : " ", sentence(text.reason));
    out.help += fmt::format("{}{}", out.help.empty() ? "" : "\n\n", text.help);
  }
  out.title = fmt::format("{}: {}", r.name, titles);
  out.reason = r.message.empty() ? reasons : sentence(r.message);
  std::string place;
  if (!file.empty()) place += fmt::format(" of {}", file);
  if (r.line != 0) place += fmt::format(", line {}", r.line);
  out.help += fmt::format("\n\nRule `{}`{}.", r.name, place);
  return out;
}

}  // namespace

std::string_view to_string(severity level) noexcept {
  constexpr std::array<std::string_view, 3> names{"note", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

const rule_table& built_in_rules() {
  static const rule_table rules{
      {std::string(rule_id::invalid), severity::error, "Invalid image reference",
       "The text is not a valid image reference, so no container can start from it.",
       "Write a reference: `name:tag`, or `name@sha256:…`. `pinhook explain REF` reports the error in one."},
      {std::string(rule_id::number_tag), severity::error, "Tag is a number",
       "Helm reads an unquoted number and writes another text: `tag: 1.10` becomes 1.1, and `20240101` becomes "
       "2.0240101e+07. Another image runs than the one that is written.",
       "Quote the tag: `tag: \"1.10\"`."},
      {std::string(rule_id::no_tag), severity::error, "Neither tag nor digest",
       "Without a tag and a digest the tag `latest` is meant: whatever was pushed last when a node pulls it.",
       "Write the tag of the version that is meant, then run `pinhook pin -i FILE`."},
      {std::string(rule_id::latest), severity::error, "Tag latest",
       "The tag `latest` means whatever was pushed last: two nodes may run different versions, and a rollback gets the "
       "newest one.",
       "Write the tag of the version that is meant, then run `pinhook pin -i FILE`."},
      {std::string(rule_id::unpinned), severity::warning, "Tag without a digest",
       "A tag can be moved to other bytes by anyone who may push; a digest cannot.",
       "Run `pinhook pin -i FILE`. The tag stays in sight, in a comment or (`--format tag-and-digest`) beside the "
       "digest."},
      {std::string(rule_id::drift), severity::warning, "Pin is behind its tag",
       "The tag has another digest now than the pinned one: an update, often a security fix, is not used yet.",
       "Look at what changed, then run `pinhook pin --update -i FILE`."},
      {std::string(rule_id::unknown_tag), severity::note, "Pin without a known tag",
       "The tag of this digest is not written anywhere, so the digest cannot be compared with that of the tag.",
       "Write the tag before the digest (`name:tag@sha256:…`), or behind it in a comment: `# name:tag`."},
      {std::string(rule_id::unread), severity::note, "Not read", "Images there are neither checked nor pinned.",
       "Name the places of images in `files.paths` or `pin.kinds`, or leave the file out with `files.exclude`."},
  };
  return rules;
}

std::optional<std::size_t> find_rule(const rule_table& rules, std::string_view id) {
  const auto at = std::ranges::find(rules, id, &check_rule::id);
  if (at == rules.end()) return std::nullopt;
  return static_cast<std::size_t>(at - rules.begin());
}

severity severity_of(rules::action a) noexcept {
  if (a == action::deny) return severity::error;
  return a == action::warn ? severity::warning : severity::note;
}

file_checks checks_with(const rules::rule_set& of_operator, std::string_view file) {
  file_checks out;
  out.first_own = of_operator.rules().size();
  out.set = of_operator.followed_by(own_as_rules());
  out.table = built_in_rules();
  const auto all = out.set.rules();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (out.is_own(i)) {
      out.rows.push_back(find_rule(out.table, all[i].name).value_or(file_checks::no_row));
    } else if (all[i].demands.empty() || all[i].action == action::allow) {
      out.rows.push_back(file_checks::no_row);
    } else {
      out.rows.push_back(out.table.size());
      out.table.push_back(described(all[i], file));
    }
  }
  return out;
}

const file_checks& own_checks() {
  static const file_checks own = checks_with({});
  return own;
}

}  // namespace pinhook::pipeline
