#include <pinhook/cli/findings.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::cli {
namespace {

using files::site;
using files::untouched;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

// The lines of a text by their numbers, for questions that mostly go forward.
class line_finder {
 public:
  explicit line_finder(std::string_view text) : text_(text) {}

  // From a character of a line to the line's end, without CR LF; empty when there is no such place.
  std::string_view from(std::size_t line, std::size_t column) {
    if (line < line_) line_ = 1, begin_ = 0;
    for (; line_ < line; ++line_) {
      const auto end = text_.find('\n', begin_);
      if (end == std::string_view::npos) return {};
      begin_ = end + 1;
    }
    auto rest = text_.substr(begin_, text_.find('\n', begin_) - begin_);
    if (begin_ == 0 && rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    for (std::size_t left = column - 1; left > 0 && !rest.empty(); --left) {
      rest.remove_prefix(1);
      while (!rest.empty() && is_continuation(rest.front())) rest.remove_prefix(1);
    }
    return rest;
  }

 private:
  std::string_view text_;
  std::size_t line_ = 1;
  std::size_t begin_ = 0;
};

std::size_t quoted_size(std::string_view rest) {
  const char quote = rest.front();
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (quote == '"' && rest[at] == '\\')
      ++at;
    else if (rest[at] == quote && quote == '\'' && at + 1 < rest.size() && rest[at + 1] == '\'')
      ++at;
    else if (rest[at] == quote)
      return at + 1;
  }
  return rest.size();
}

// How many characters of the line the image takes, as it is written there: with its quotes; of an alias its name.
std::size_t width_of(std::string_view rest, const site& s) {
  if (rest.empty()) return characters(s.written);
  if (rest.front() == '"' || rest.front() == '\'') return characters(rest.substr(0, quoted_size(rest)));
  if (!s.written.empty() && rest.starts_with(s.written)) return characters(s.written);
  return characters(rest.substr(0, rest.find_first_of(" \t,]}\"'")));
}

const registry::digest* digest_of(const check_question& how, const registry::reference& tag) {
  if (how.known == nullptr) return nullptr;
  const auto at = how.known->find(tag.canonical());
  return at == how.known->end() || !at->second ? nullptr : &*at->second;
}

struct verdict {
  std::string_view rule;
  std::string message;
  /// Empty: what pinning writes.
  std::string fix;
  /// What would be pinned.
  const registry::digest* digest = nullptr;
};

std::string how_to_tell_tag(const site& s) {
  switch (s.form) {
    case files::site_form::values:
      return "write tag: TAG beside the digest";
    case files::site_form::kustomization:
      return "write newTag: TAG beside the digest";
    case files::site_form::scalar:
      break;
  }
  return fmt::format("write the tag before the digest: {}:TAG@{}", s.ref->written_name(), s.ref->digest()->to_string());
}

std::optional<verdict> judge_pinned(const site& s, const check_question& how) {
  if (!how.has_drift) return std::nullopt;
  if (!s.tag)
    return verdict{rule_id::unknown_tag,
                   fmt::format("nobody wrote which tag {} was, so it cannot be compared with what the tag means now",
                               quoted(s.written)),
                   how_to_tell_tag(s), nullptr};
  const auto* now = digest_of(how, *s.tag);
  if (now == nullptr || *now == *s.ref->digest()) return std::nullopt;
  const auto who = how.lock_file.empty() ? std::string("its registry") : std::string(how.lock_file);
  return verdict{rule_id::drift,
                 fmt::format("{} is pinned to {}, and {} says {} by now", quoted(s.tag->written()),
                             s.ref->digest()->shortened(), who, now->shortened()),
                 {},
                 now};
}

std::optional<verdict> judge(const site& s, const check_question& how) {
  if (s.why == untouched::invalid || (s.why == untouched::no && !s.ref))
    return verdict{rule_id::invalid, s.problem, "write a reference: name:tag or name@sha256:…", nullptr};
  if (s.why != untouched::no) return std::nullopt;
  if (s.is_pinned()) return judge_pinned(s, how);
  const auto* digest = digest_of(how, s.tag ? *s.tag : *s.ref);
  if (s.ref->tag().empty())
    return verdict{
        rule_id::no_tag,
        fmt::format("{} has neither tag nor digest: what was pushed last is pulled, and later something else",
                    quoted(s.written)),
        {},
        digest};
  if (s.ref->tag() == "latest")
    return verdict{
        rule_id::latest,
        fmt::format("{} means what was pushed last when a node pulls it: two nodes may run different versions",
                    quoted(s.written)),
        {},
        digest};
  return verdict{rule_id::unpinned,
                 fmt::format("the tag of {} can be moved to other bytes by anyone who may push; a digest cannot",
                             quoted(s.written)),
                 {},
                 digest};
}

std::string command_for(std::string_view path, std::string_view rule) {
  const std::string_view update = rule == rule_id::drift ? " --update" : "";
  return path == "-" ? fmt::format("pinhook pin{} -", update)
                     : fmt::format("pinhook pin{} -i {}", update,
                                   shell_word(path.starts_with('-') ? "./" + std::string(path) : std::string(path)));
}

finding make_finding(std::string_view path, const site& s, verdict&& v, std::string_view rest) {
  const auto& rules = built_in_rules();
  finding out;
  out.rule = v.rule;
  out.level = rules[find_rule(rules, v.rule).value_or(0)].level;
  out.path = path;
  out.document = s.document;
  out.pointer = s.pointer;
  out.line = s.line;
  out.column = s.column;
  out.end_column = s.column + width_of(rest, s);
  out.object = s.object;
  out.name = s.name;
  out.image = s.written;
  out.message = std::move(v.message);
  out.fix = std::move(v.fix);
  return out;
}

// Where a byte of a text stands.
std::pair<std::size_t, std::size_t> place(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {1 + static_cast<std::size_t>(std::ranges::count(before, '\n')), 1 + characters(before.substr(begin))};
}

}  // namespace

std::string_view to_string(fix_kind kind) noexcept {
  constexpr std::array<std::string_view, 3> names{"text", "command", "advice"};
  return names[static_cast<std::size_t>(kind)];
}

std::string to_do(const finding& f) {
  constexpr std::array<std::string_view, 3> verbs{"write ", "run ", ""};
  return fmt::format("{}{}", verbs[static_cast<std::size_t>(f.kind)], f.fix);
}

std::optional<replacement> changed_lines(std::string_view before, std::string_view after) {
  if (before == after) return std::nullopt;
  const auto [one, other] = std::ranges::mismatch(before, after);
  auto begin = static_cast<std::size_t>(one - before.begin());
  begin = begin == 0 ? 0 : before.rfind('\n', begin - 1) + 1;
  std::size_t same = 0;
  const auto most = std::min(before.size(), after.size()) - begin;
  while (same < most && before[before.size() - 1 - same] == after[after.size() - 1 - same]) ++same;
  // Back to where a line ends in both.
  const auto tail = before.substr(before.size() - same);
  const auto line_end = tail.find('\n');
  same = line_end == std::string_view::npos ? 0 : same - line_end;
  if (same > 0 && line_end > 0 && tail[line_end - 1] == '\r') ++same;
  const auto end = before.size() - same;
  const auto [line, column] = place(before, begin);
  const auto [end_line, end_column] = place(before, end);
  return replacement{line, column, end_line, end_column, std::string(after.substr(begin, after.size() - same - begin))};
}

checked_file check_file(std::string_view path, std::string_view text, std::span<const site> sites,
                        const check_question& how) {
  checked_file out;
  out.path = path;
  out.image_count = sites.size();
  line_finder lines(text);
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const site& s = sites[i];
    if (s.why != untouched::no && s.why != untouched::invalid) ++out.left[s.why];
    std::optional<std::size_t> index;
    if (auto v = judge(s, how)) {
      const auto* digest = v->digest;
      auto f = make_finding(path, s, std::move(*v), lines.from(s.line, s.column));
      if (digest != nullptr && how.how_to_pin) {
        auto pin = how.how_to_pin(i, *digest);
        f.fix = std::move(pin.suggestion);
        f.kind = fix_kind::text;
        f.change = std::move(pin.change);
      }
      if (f.fix.empty()) {
        f.fix = command_for(path, f.rule);
        f.kind = fix_kind::command;
      }
      index = out.findings.size();
      out.findings.push_back(std::move(f));
    }
    if (how.lists_images) out.images.push_back({s.object, s.name, s.why, index});
  }
  return out;
}

bool add_wanted(std::span<const site> sites, bool has_drift, std::map<std::string, registry::reference>& to) {
  bool has_any = false;
  for (const site& s : sites) {
    if (s.why != untouched::no || !s.ref || !s.tag || (s.is_pinned() && !has_drift)) continue;
    to.try_emplace(s.tag->canonical(), *s.tag);
    has_any = true;
  }
  return has_any;
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,";
  const bool is_plain = !word.empty() && word.find_first_not_of(plain) == std::string_view::npos;
  if (is_plain) return std::string(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace pinhook::cli
