#include <pinhook/pipeline/findings.hpp>

#include <pinhook/pipeline/line_finder.hpp>
#include <pinhook/pipeline/slot_label.hpp>
#include <pinhook/pipeline/slot_rules.hpp>
#include <pinhook/rules/judge.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

namespace pinhook::pipeline {
namespace {

using files::skip_reason;
using files::slot;
using rules::fix_kind;

const registry::digest* digest_of(const check_question& question, const registry::reference& tag) {
  if (question.known == nullptr) return nullptr;
  const auto at = question.known->find(tag.canonical());
  return at == question.known->end() || !at->second ? nullptr : &*at->second;
}

struct violation {
  /// Index in file_checks::table.
  std::size_t row = 0;
  std::string message{};
  /// Empty: the text or command of pinning.
  std::string fix{};
  fix_kind kind = fix_kind::advice;
  /// The operator's own words.
  std::string rule_message{};
  /// The digest that pinning would write.
  const registry::digest* digest = nullptr;
  /// A digest would mend it.
  bool lacks_digest = false;
  /// It is not known whether the image breaks the rule, for this reason.
  std::optional<error> failure{};
  /// It is a demand on signatures.
  bool is_about_proofs = false;
};

std::string tag_advice(const slot& s) {
  switch (s.form) {
    case files::slot_form::values:
    case files::slot_form::artefact:
      return "write tag: TAG beside the digest";
    case files::slot_form::kustomization:
      return "write newTag: TAG beside the digest";
    case files::slot_form::scalar:
      break;
  }
  return fmt::format("write the tag before the digest: {}:TAG@{}", s.ref->written_name(), s.ref->digest()->to_string());
}

// The message of one of pinhook's own rules about an image.
std::string own_message(rules::requirement requirement, const slot& s) {
  if (requirement == rules::requirement::tag)
    return fmt::format("{} has neither tag nor digest: what was pushed last is pulled, and later something else",
                       quoted_name(s.written));
  if (requirement == rules::requirement::not_latest)
    return fmt::format("{} means what was pushed last when a node pulls it: two nodes may run different versions",
                       quoted_name(s.written));
  return fmt::format("the tag of {} can be moved to other bytes by anyone who may push; a digest cannot",
                     quoted_name(s.written));
}

std::string command_for(std::string_view path, std::string_view rule) {
  const std::string_view update = rule == rule_id::drift ? " --update" : "";
  return path == "-" ? fmt::format("pinhook pin{} -", update)
                     : fmt::format("pinhook pin{} -i {}", update,
                                   shell_word(path.starts_with('-') ? "./" + std::string(path) : std::string(path)));
}

// Judges the images of one file.
class slot_judge {
 public:
  explicit slot_judge(const check_question& question)
      : question_(question),
        checks_(question.checks == nullptr ? own_checks() : *question.checks),
        rules_{.set = checks_.set, .ns = std::string(question.ns)} {}

  [[nodiscard]] const rule_table& table() const { return checks_.table; }

  [[nodiscard]] bool is_never(const slot& s) const {
    return checks_.set.order_of(rules_.effects_of(s)).pin == pin::pin_order::never;
  }

  [[nodiscard]] bool lacks_digest(const slot& s, std::size_t index) const {
    return std::ranges::any_of(judge(s, index), &violation::lacks_digest);
  }

  // In the order of the report.
  [[nodiscard]] std::vector<violation> judge(const slot& s, std::size_t index) const {
    std::vector<violation> out;
    if (s.reason == skip_reason::invalid || (s.reason == skip_reason::none && !s.ref)) {
      out.push_back({.row = row_of(rule_id::invalid),
                     .message = s.problem,
                     .fix = s.remedy.empty() ? "write a reference: name:tag or name@sha256:…" : s.remedy});
      return out;
    }
    if (s.reason == skip_reason::number_tag)
      out.push_back({.row = row_of(rule_id::number_tag), .message = s.problem, .fix = s.remedy});
    // A variable of a known source: of an ARG in a Dockerfile, which may have a default.
    if (s.reason == skip_reason::variable && !s.problem.empty())
      out.push_back({.row = row_of(rule_id::unread),
                     .message = fmt::format("{} is not judged: {}", quoted_name(s.written), s.problem),
                     .fix = "write the image itself"});
    if (s.reason != skip_reason::none) return out;
    auto e = rules_.effects_of(s);
    const bool is_never = checks_.set.order_of(e).pin == pin::pin_order::never;
    auto& of_digest = e.demands[static_cast<std::size_t>(rules::requirement::digest)];
    // A rule wants the image without a digest.
    if (is_never && of_digest != rules::effects::none && checks_.is_own(of_digest)) of_digest = rules::effects::none;
    const auto policy = policy_of(s);
    const auto image = question_.proofs == nullptr ? std::nullopt : image_by_digest(s);
    const rules::image_state state{.ref = &*s.ref,
                                   .has_digest = s.is_pinned(),
                                   .pull_policy = policy,
                                   .pinned = {},
                                   .is_volume = s.type == pin::container_type::image_volume,
                                   .proofs = image ? question_.proofs->find(*image) : nullptr,
                                   .tag = s.tag ? std::string_view(s.tag->tag()) : std::string_view(),
                                   .is_moved = is_moved(s),
                                   .moves_unknown = "--drift compares the digest that is written with its tag"};
    for (auto& f : rules::judge(checks_.set, e, state)) {
      out.push_back(violation_of(s, std::move(f), is_never));
      if (out.back().digest != nullptr) compare_names(index, out.back());
    }
    if (s.is_pinned() && question_.has_drift && !is_never && !s.is_refused())
      if (auto v = compared(s, index)) out.push_back(std::move(*v));
    return out;
  }

  // The image whose signatures count: as written, or by the digest that its tag has now. None: that is not known.
  [[nodiscard]] std::optional<registry::reference> image_by_digest(const slot& s) const {
    const registry::reference& ref = s.tag ? *s.tag : *s.ref;
    const registry::digest* digest = s.is_pinned() ? &*s.ref->digest() : digest_of(question_, ref);
    return digest == nullptr ? std::nullopt : ref.with_digest(*digest);
  }

  [[nodiscard]] bool has_questions(const slot& s) const {
    return question_.asks_verifiers && s.reason == skip_reason::none && s.ref &&
           !questions_of(checks_.set, rules_.effects_of(s)).empty();
  }
  // False: there is nothing to ask.
  [[nodiscard]] bool ask(const slot& s, rules::proof_requests& to) const {
    if (!has_questions(s)) return false;
    const auto image = image_by_digest(s);
    if (image) to.add(*image, checks_.set, rules_.effects_of(s));
    return image.has_value();
  }

 private:
  // Whether the tag of a pin has another digest by now; none: it was not looked up, or there is no pin.
  [[nodiscard]] std::optional<bool> is_moved(const slot& s) const {
    if (!s.is_pinned() || !s.tag || !question_.has_drift) return std::nullopt;
    const auto* now = digest_of(question_, *s.tag);
    return now == nullptr ? std::nullopt : std::optional(*now != *s.ref->digest());
  }

  // None for Helm values without a pull policy, since the chart's default is not known.
  static std::optional<std::string_view> policy_of(const slot& s) {
    if (!s.pull_policy.empty()) return s.pull_policy;
    if (s.type == pin::container_type::other) return std::nullopt;
    return rules::default_pull_policy(*s.ref);
  }

  violation violation_of(const slot& s, rules::finding f, bool is_never) const {
    violation out{.row = checks_.rows[f.rule]};
    out.message = checks_.is_own(f.rule) ? own_message(f.requirement, s) : message_of(s, f);
    if (!checks_.set.rules()[f.rule].message.empty() && !checks_.is_own(f.rule)) out.rule_message = f.reason;
    out.lacks_digest = f.requirement <= rules::requirement::digest && !is_never;
    if (out.lacks_digest && s.is_refused()) {
      out.message += fmt::format("; {}", s.problem);
      out.fix = s.remedy;
      out.lacks_digest = false;
      return out;
    }
    if (out.lacks_digest) {
      out.digest = digest_of(question_, s.tag ? *s.tag : *s.ref);
      return out;
    }
    out.fix = std::move(f.fix);
    out.kind = f.kind;
    for (const std::string& line : f.lines) out.message += fmt::format("; {}", line);
    if (f.failure) out.rule_message.clear();
    out.failure = std::move(f.failure);
    out.is_about_proofs =
        f.requirement == rules::requirement::signed_by || f.requirement == rules::requirement::attested;
    if (f.requirement == rules::requirement::pull_policy && s.form == files::slot_form::values)
      out.fix = fmt::format("pullPolicy{}", out.fix.substr(out.fix.find(':')));
    return out;
  }

  static std::string message_of(const slot& s, const rules::finding& f) {
    if (f.requirement != rules::requirement::pull_policy)
      return fmt::format("{}: {}", quoted_name(s.written), f.reason);
    return s.pull_policy.empty()
               ? fmt::format("{} has no pull policy, which means {}: {}", quoted_name(s.written),
                             rules::default_pull_policy(*s.ref), f.reason)
               : fmt::format("{} has the pull policy {}: {}", quoted_name(s.written), quoted(s.pull_policy), f.reason);
  }

  // The names that kustomizations give to an image.
  [[nodiscard]] auto names_of(std::size_t index) const {
    static const renamed_images none;
    const auto [begin, end] = (question_.renamed == nullptr ? none : *question_.renamed).equal_range(index);
    return std::ranges::subrange(begin, end);
  }

  // Keeps the digest only when it is that of every name.
  void compare_names(std::size_t index, violation& of) const {
    for (const auto& [i, other] : names_of(index)) {
      if (!other.problem.empty()) continue;
      const auto* digest = other.ref ? digest_of(question_, *other.ref) : nullptr;
      if (digest != nullptr && *digest == *of.digest) continue;
      of.digest = nullptr;
      if (other.ref && digest == nullptr) return;
      of.message += fmt::format("; {} changes it to {}, which {}", other.by, quoted_name(other.text),
                                other.ref ? "has another digest" : "is not a valid image reference");
      of.fix = other.remedy.empty() ? command_for(other.by, {}) : other.remedy;
      of.kind = other.remedy.empty() ? fix_kind::command : fix_kind::advice;
      return;
    }
  }

  [[nodiscard]] std::optional<violation> compared(const slot& s, std::size_t index) const {
    if (!s.tag)
      return violation{
          .row = row_of(rule_id::unknown_tag),
          .message = fmt::format(
              "the tag of {} is not written anywhere, so its digest cannot be compared with that of the tag",
              quoted_name(s.written)),
          .fix = tag_advice(s)};
    const auto* now = digest_of(question_, *s.tag);
    const auto source = question_.lock_file.empty() ? std::string("its registry") : std::string(question_.lock_file);
    if (now == nullptr || *now == *s.ref->digest()) return compared_names(s, index, source);
    return violation{.row = row_of(rule_id::drift),
                     .message = fmt::format("{} is pinned to {}, but {} now has {}", quoted_name(s.tag->written()),
                                            s.ref->digest()->shortened(), source, now->shortened()),
                     .digest = now};
  }

  [[nodiscard]] std::optional<violation> compared_names(const slot& s, std::size_t index,
                                                        const std::string& source) const {
    for (const auto& [i, other] : names_of(index)) {
      const auto* now = other.ref ? digest_of(question_, *other.ref) : nullptr;
      if (now == nullptr || *now == *s.ref->digest()) continue;
      return violation{
          .row = row_of(rule_id::drift),
          .message = fmt::format("{} is pinned to {}, and {} changes it to {}, for which {} has {}",
                                 quoted_name(s.tag->written()), s.ref->digest()->shortened(), other.by,
                                 quoted_name(other.text), source, now->shortened()),
          .fix = fmt::format("write newTag: {} into the entry of {}", other.ref->effective_tag(), other.by)};
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t row_of(std::string_view id) const { return find_rule(checks_.table, id).value_or(0); }

  const check_question& question_;
  const file_checks& checks_;
  const slot_rules rules_;
};

finding make_finding(std::string_view path, const slot& s, const check_rule& broken, std::string_view rest) {
  finding out;
  out.rule = broken.id;
  out.level = broken.level;
  out.path = path;
  out.document = s.document;
  out.pointer = s.pointer;
  out.line = s.line;
  out.column = s.column;
  out.end_column = s.column + width_of(rest, s);
  out.object = s.object;
  out.name = s.name;
  out.image = s.written;
  return out;
}

// What cannot be judged is a note; a look-up of signatures that failed fails the run.
void take_failure(const violation& v, const slot& s, finding& f, checked_file& to) {
  f.level = severity::note;
  if (!v.is_about_proofs) return;
  if (v.failure->code == error_code::unsupported)
    ++to.unchecked;
  else
    to.unverified.push_back(
        fmt::format("{}: {}: rule {}: {}", slot_label(f.path, s), quoted_name(s.written), f.rule, v.failure->message));
}

}  // namespace

std::string to_do(const finding& f) {
  constexpr std::array<std::string_view, 3> verbs{"write ", "run ", ""};
  return fmt::format("{}{}", verbs[static_cast<std::size_t>(f.kind)], f.fix);
}

checked_file check_file(std::string_view path, std::string_view text, std::span<const slot> all,
                        const check_question& question) {
  std::vector<slot> judged;
  const auto slots = question.renamed == nullptr ? all : with_problems(all, *question.renamed, judged);
  checked_file out;
  out.path = path;
  out.image_count = slots.size();
  const slot_judge judge(question);
  line_finder lines(text);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const slot& s = slots[i];
    if (s.reason != skip_reason::none && s.reason != skip_reason::invalid && s.reason != skip_reason::number_tag)
      ++out.left[s.reason];
    std::vector<std::size_t> indices;
    for (violation& v : judge.judge(s, i)) {
      auto f = make_finding(path, s, judge.table()[v.row], lines.from(s.line, s.column));
      if (v.failure) take_failure(v, s, f, out);
      f.message = std::move(v.message);
      f.rule_message = std::move(v.rule_message);
      f.fix = std::move(v.fix);
      f.kind = v.kind;
      if (v.digest != nullptr && question.suggest_pin) {
        auto pin = question.suggest_pin(i, *v.digest);
        f.fix = std::move(pin.suggestion);
        f.kind = fix_kind::text;
        f.change = std::move(pin.change);
      }
      if (f.fix.empty()) {
        f.fix = command_for(path, f.rule);
        f.kind = fix_kind::command;
      }
      indices.push_back(out.findings.size());
      out.findings.push_back(std::move(f));
    }
    if (question.lists_images) out.images.push_back({s.object, s.name, s.reason, std::move(indices)});
  }
  return out;
}

bool add_wanted(std::span<const slot> all, const check_question& question,
                std::map<std::string, registry::reference>& to) {
  std::vector<slot> judged;
  const auto slots = question.renamed == nullptr ? all : with_problems(all, *question.renamed, judged);
  const slot_judge judge(question);
  bool has_any = false;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const slot& s = slots[i];
    if (s.reason != skip_reason::none || s.is_refused() || !s.ref || !s.tag) continue;
    const bool is_needed =
        s.is_pinned() ? question.has_drift && !judge.is_never(s) : judge.lacks_digest(s, i) || judge.has_questions(s);
    if (!is_needed) continue;
    to.try_emplace(s.tag->canonical(), *s.tag);
    if (question.renamed != nullptr) {
      const auto [begin, end] = question.renamed->equal_range(i);
      for (const auto& [index, other] : std::ranges::subrange(begin, end))
        if (other.ref) to.try_emplace(other.ref->canonical(), *other.ref);
    }
    has_any = true;
  }
  return has_any;
}

bool add_questions(std::span<const slot> all, const check_question& question, rules::proof_requests& to) {
  std::vector<slot> judged;
  const auto slots = question.renamed == nullptr ? all : with_problems(all, *question.renamed, judged);
  const slot_judge judge(question);
  bool has_any = false;
  for (const slot& s : slots) has_any = judge.ask(s, to) || has_any;
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

}  // namespace pinhook::pipeline
