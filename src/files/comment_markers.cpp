#include <pinhook/files/comment_markers.hpp>

#include <pinhook/base/text.hpp>

#include <algorithm>
#include <array>

namespace pinhook::files {
namespace {

using reach = marker_reach;

constexpr std::string_view kyaml = "sigs.k8s.io/kustomize/kyaml/fieldmeta: the whole line comment is parsed as JSON";
constexpr std::string_view region_start = "x-release-please-start-";
constexpr std::string_view region_end = "x-release-please-end";

// The first match wins. Those that must be alone on their line are before the others.
constexpr std::array<comment_marker, 23> markers{{
    {"Flux", "\"$imagepolicy\"", marker_place::object, true, true, marker_change::value, reach::next_item,
     "https://fluxcd.io/flux/guides/image-update/"},
    {"kpt", "\"$kpt-set\"", marker_place::object, true, true, marker_change::value, reach::next_item, kyaml},
    {"kyaml", "\"$openapi\"", marker_place::object, true, true, marker_change::value, reach::next_item, kyaml},
    {"kyaml", "{", marker_place::first, true, true, marker_change::value, reach::next_item, kyaml},
    {"kpt", "kpt-set:", marker_place::first, true, true, marker_change::value, reach::nothing,
     "https://catalog.kpt.dev/apply-setters/"},
    {"kpt", "kpt-merge:", marker_place::first, true, true, marker_change::nothing, reach::nothing,
     "https://kpt.dev/reference/cli/pkg/update/"},
    {"Cloud Deploy", "from-param:", marker_place::first, true, true, marker_change::value, reach::nothing,
     "https://cloud.google.com/deploy/docs/parameters"},
    {"Renovate", "renovate:", marker_place::first, true, false, marker_change::tag, reach::next_line,
     "https://docs.renovatebot.com/modules/manager/regex/"},
    {"release-please", "x-release-please-", marker_place::anywhere, false, false, marker_change::tag, reach::nothing,
     "https://github.com/googleapis/release-please/blob/main/docs/customizing.md"},
    {"ytt", "@", marker_place::tight, true, false, marker_change::nothing, reach::nothing,
     "https://carvel.dev/ytt/docs/latest/yaml-primer/: comments that open with neither #@ nor #! are errors"},
    {"yamllint", "yamllint disable-line", marker_place::first, true, true, marker_change::nothing, reach::nothing,
     "https://yamllint.readthedocs.io/en/stable/disable_with_comments.html"},
    {"helm-values-schema-json", "@schema", marker_place::first, true, true, marker_change::nothing, reach::nothing,
     "https://github.com/losisin/helm-values-schema-json/blob/main/docs/README.md"},
    {"ratchet", "ratchet:exclude", marker_place::anywhere, false, false, marker_change::nothing, reach::nothing,
     "https://github.com/sethvargo/ratchet#excluding"},
    {"Checkov", "checkov:skip=", marker_place::anywhere, false, true, marker_change::nothing, reach::nothing,
     "https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html"},
    {"Trivy", "trivy:ignore:", marker_place::anywhere, false, true, marker_change::nothing, reach::nothing,
     "https://trivy.dev/latest/docs/configuration/filtering/"},
    {"KICS", "kics-scan ", marker_place::first, false, false, marker_change::nothing, reach::nothing,
     "https://docs.kics.io/latest/running-kics/#using_commands_on_scanned_files_as_comments"},
    {"detect-secrets", "pragma: allowlist", marker_place::anywhere, false, false, marker_change::nothing,
     reach::nothing, "https://github.com/Yelp/detect-secrets#inline-allowlisting"},
    {"Semgrep", "nosem", marker_place::anywhere, false, true, marker_change::nothing, reach::nothing,
     "https://semgrep.dev/docs/ignoring-files-folders-code"},
    {"gitleaks", "gitleaks:allow", marker_place::anywhere, false, false, marker_change::nothing, reach::nothing,
     "https://github.com/gitleaks/gitleaks#gitleaksallow"},
    {"TruffleHog", "trufflehog:ignore", marker_place::anywhere, false, false, marker_change::nothing, reach::nothing,
     "https://github.com/trufflesecurity/trufflehog#how-do-i-ignore-specific-secrets"},
    {"zizmor", "zizmor: ignore[", marker_place::anywhere, false, false, marker_change::nothing, reach::nothing,
     "https://docs.zizmor.sh/usage/#ignoring-results"},
    {"ansible-lint", "noqa", marker_place::first, false, true, marker_change::nothing, reach::nothing,
     "https://ansible.readthedocs.io/projects/lint/usage/#muting-warnings-to-avoid-false-positives"},
    {"SonarQube", "NOSONAR", marker_place::anywhere, false, false, marker_change::nothing, reach::nothing,
     "https://docs.sonarsource.com/sonarqube-server/latest/user-guide/issues/managing/"},
}};

constexpr std::size_t exclusive_count = std::ranges::count_if(markers, &comment_marker::is_exclusive);
constexpr std::span exclusive_markers(markers.data(), exclusive_count);
static_assert(std::ranges::all_of(exclusive_markers, &comment_marker::is_exclusive));

std::string_view line_from(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at, max_marker_comment);
  const std::string_view line = rest.substr(0, rest.find('\n'));
  return line.substr(0, line.find('\r'));
}

// Two bytes, for a table.
constexpr std::size_t pair_of(char first, char second) {
  return (static_cast<unsigned char>(first) * 31U + static_cast<unsigned char>(second)) % 256U;
}

// The begins of the texts that may stand anywhere.
constexpr auto begins_anywhere = [] {
  std::array<bool, 256> out{};
  for (const comment_marker& one : markers)
    if (one.place == marker_place::anywhere) out[pair_of(one.text[0], one.text[1])] = true;
  return out;
}();

// The begin of every text that follows the sign at once.
constexpr char tight_sign = '@';
static_assert(std::ranges::all_of(markers, [](const comment_marker& one) {
  return one.place != marker_place::tight || one.text.front() == tight_sign;
}));

// The begins of the other texts; that of a body which may be an object, too.
constexpr auto begins_body = [] {
  std::array<bool, 256> out{};
  out[static_cast<unsigned char>('{')] = true;
  for (const comment_marker& one : markers)
    if (one.place == marker_place::first) out[static_cast<unsigned char>(one.text[0])] = true;
  return out;
}();

bool fits(const comment_marker& m, std::string_view comment, std::string_view body) {
  switch (m.place) {
    case marker_place::first:
      return !body.empty() && body.front() == m.text.front() && body.starts_with(m.text);
    case marker_place::tight:
      return comment.substr(1).starts_with(m.text);
    case marker_place::object:
      return body.starts_with('{') && body.contains(m.text);
    case marker_place::anywhere:
      break;
  }
  return false;
}

// The first marker whose text may stand anywhere and stands in the body.
const comment_marker* marker_within(std::string_view body) {
  const comment_marker* out = nullptr;
  for (std::size_t i = 1; i < body.size(); ++i) {
    if (!begins_anywhere[pair_of(body[i - 1], body[i])]) continue;
    const std::string_view rest = body.substr(i - 1);
    for (const comment_marker& one : markers)
      if (one.place == marker_place::anywhere && rest[0] == one.text[0] && rest.starts_with(one.text) &&
          (out == nullptr || &one < out))
        out = &one;
  }
  return out;
}

// Without the signs of the comment.
std::string_view body_of(std::string_view comment) {
  return comment.substr(std::min(comment.find_first_not_of("# \t"), comment.size()));
}

// The first of the markers that must be alone on their line. Many comments are read for them.
const comment_marker* exclusive_marker_of(std::string_view line) {
  if (!line.starts_with('#')) return nullptr;
  const std::string_view body = body_of(line);
  const char first = body.empty() ? '\0' : body.front();
  const bool may_begin = !body.empty() && begins_body[static_cast<unsigned char>(first)];
  const bool is_tight = line.size() > 1 && line[1] == tight_sign;
  for (const comment_marker& one : exclusive_markers) {
    // Most end here.
    if (one.place == marker_place::first && one.text.front() != first) continue;
    const bool is_here = one.place == marker_place::anywhere ? body.contains(one.text)
                                                             : (may_begin || is_tight) && fits(one, line, body);
    if (is_here) return &one;
  }
  return nullptr;
}

// The marker of a comment without the end of its line.
const comment_marker* marker_of_line(std::string_view comment) {
  const std::string_view body = body_of(comment);
  const comment_marker* within = marker_within(body);
  const bool may_begin = !body.empty() && begins_body[static_cast<unsigned char>(body.front())];
  const bool is_tight = comment.size() > 1 && comment[1] == tight_sign;
  if (!may_begin && !is_tight) return within;
  for (const comment_marker& one : markers)
    if (&one == within || fits(one, comment, body)) return &one;
  return nullptr;
}

}  // namespace

std::span<const comment_marker> comment_markers() { return markers; }

const comment_marker* marker_of(std::string_view comment) {
  if (!comment.starts_with('#')) return nullptr;
  return marker_of_line(line_from(comment, 0));
}

bool has_exclusive_marker(std::string_view comment) { return exclusive_marker_of(line_from(comment, 0)) != nullptr; }

marked_text::marked_text(std::string_view text) : text_(text) {
  bool is_open = false;
  std::size_t looked_at = 0;
  std::size_t before = 0;
  for (std::size_t at = text.find('#'); at != std::string_view::npos; before = at, at = text.find('#', at + 1)) {
    if (at != 0 && !is_blank(text[at - 1]) && !is_break(text[at - 1])) continue;
    if (text.substr(before, at - before).contains('\n')) looked_at = 0;
    if (++looked_at > max_signs) continue;
    const std::string_view comment = line_from(text, at);
    const comment_marker* found = exclusive_marker_of(comment);
    if (found == nullptr) continue;
    is_empty_ = false;
    if (found->place == marker_place::tight) of_file_ = found;
    if (!is_open && comment.contains(region_start)) {
      is_open = true;
      regions_.push_back({at, text.size()});
    } else if (is_open && comment.contains(region_end)) {
      is_open = false;
      regions_.back().end = at;
    }
  }
}

const comment_marker* marked_text::above(std::size_t begin, bool is_item) const {
  for (std::size_t lines = 0; lines < max_lines_above; ++lines) {
    const std::size_t end = begin == 0 ? std::string_view::npos : text_.rfind('\n', begin - 1);
    if (end == std::string_view::npos) return nullptr;
    const std::size_t before = end == 0 ? std::string_view::npos : text_.rfind('\n', end - 1);
    begin = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t sign = text_.find_first_not_of(" \t", begin);
    if (sign >= end || text_[sign] != '#') return nullptr;
    const comment_marker* found = exclusive_marker_of(line_from(text_, sign));
    if (found == nullptr) continue;
    if (found->reach == reach::next_line || (found->reach == reach::next_item && is_item)) return found;
  }
  return nullptr;
}

const comment_marker* marked_text::at(std::size_t begin, std::size_t sign, bool is_item) const {
  if (is_empty_) return nullptr;
  if (const comment_marker* own = exclusive_marker_of(line_from(text_, sign)); own != nullptr) return own;
  if (of_file_ != nullptr) return of_file_;
  const auto behind = std::ranges::upper_bound(regions_, begin, {}, &yaml::text_span::begin);
  if (behind != regions_.begin() && begin < std::prev(behind)->end) return marker_of("#x-release-please-");
  return above(begin, is_item);
}

}  // namespace pinhook::files
