#include <pinhook/cli/check_rules.hpp>

#include <algorithm>
#include <array>

namespace pinhook::cli {

std::string_view to_string(severity level) noexcept {
  constexpr std::array<std::string_view, 3> names{"note", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

const rule_table& built_in_rules() {
  static const rule_table rules{
      {std::string(rule_id::invalid), severity::error, "No image reference",
       "What stands here is no image reference, so no container can be started from it.",
       "Write a reference: `name:tag`, or `name@sha256:…`. `pinhook explain REF` says what is wrong with one."},
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
       "The tag means other bytes by now than those that are pinned: an update, often a security fix, is not taken "
       "yet.",
       "Look at what changed, then run `pinhook pin --update -i FILE`."},
      {std::string(rule_id::unknown_tag), severity::note, "Pin without a known tag",
       "Nobody wrote down which tag this digest was, so it cannot be compared with what the tag means now.",
       "Write the tag before the digest (`name:tag@sha256:…`), or behind it in a comment: `# name:tag`."},
  };
  return rules;
}

std::optional<std::size_t> find_rule(const rule_table& rules, std::string_view id) {
  const auto at = std::ranges::find(rules, id, &rule::id);
  if (at == rules.end()) return std::nullopt;
  return static_cast<std::size_t>(at - rules.begin());
}

}  // namespace pinhook::cli
