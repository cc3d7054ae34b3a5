#include <pinhook/fleet/row_findings.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/pin/write_pin.hpp>
#include <pinhook/rules/judge.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace pinhook::fleet {
namespace {

using pipeline::severity;
using rules::fix_kind;

namespace id {
constexpr std::string_view mixed = "mixed";
constexpr std::string_view differs = "running-differs";
constexpr std::string_view moved = "moved";
constexpr std::string_view moved_list = "moved-list";
constexpr std::string_view moved_version = "moved-version";
constexpr std::string_view gone = "gone";
constexpr std::string_view unresolvable = "unresolvable";
}  // namespace id

std::string restart_command(const row& r) {
  const auto& kind = r.owner.kind;
  if (kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet")
    return fmt::format("kubectl rollout restart {}/{} -n {}", lowered(kind), r.owner.name, r.ns);
  return {};
}

// None: its digest is not known.
std::optional<registry::reference> image_by_digest(const row& of, const registry::reference& ref) {
  if (ref.is_pinned()) return ref;
  return of.tag_digest ? ref.with_digest(*of.tag_digest) : std::nullopt;
}

class judged_row {
 public:
  explicit judged_row(const row_question& q)
      : q_(q), row_(q.of), checks_(q.options.checks == nullptr ? pipeline::own_checks() : *q.options.checks) {}

  void judge() {
    if (!q_.ref) {
      add(pipeline::rule_id::invalid, severity::error,
          fmt::format("{} is not a valid image reference, so no container starts from it", quoted_name(row_.image)),
          "write a reference: name:tag or name@sha256:…", fix_kind::advice);
    } else {
      judge_by_rules();
    }
    judge_running();
    judge_by_registry();
    if (row_.mode == "none" && q_.options.what_if && row_.is_in_workload) add_what_if();
  }

 private:
  void add(std::string_view rule, severity level, std::string message, std::string fix, fix_kind kind) {
    row_.findings.push_back({std::string(rule), level, std::move(message), std::move(fix), kind});
  }

  [[nodiscard]] rules::subject subject() const { return subject_of(row_, *q_.ref); }

  [[nodiscard]] std::string pin_text() const {
    if (!row_.tag_digest || !q_.ref) return {};
    return pin_text(*row_.tag_digest);
  }
  [[nodiscard]] std::string pin_text(const registry::digest& to) const {
    return pin::write_pin(q_.ref->written_name(), row_.tag, to, q_.options.format);
  }

  // What earlier reports saw of the tag; null: nothing.
  [[nodiscard]] const resolve::seen_tag* seen() const {
    return q_.options.moves == nullptr || !q_.tag ? nullptr : q_.options.moves->find(q_.tag->canonical());
  }

  // The API server gives every container a pull policy; an object that was made before that has the default.
  [[nodiscard]] std::optional<std::string_view> policy() const {
    if (!q_.pull_policy.empty()) return q_.pull_policy;
    if (row_.type == pin::container_type::other) return std::nullopt;
    return rules::default_pull_policy(*q_.ref);
  }

  // Whether the tag has other bytes than it had: than the pin or the digest that runs, or than earlier reports saw.
  // With `becomes`, the digest that an admission would write: whether that one has. None: nothing is known.
  [[nodiscard]] std::optional<bool> is_moved(const registry::digest* becomes) const {
    const auto compared = row_.moved == move::unknown ? std::nullopt : std::optional(row_.moved == move::version_tag);
    const resolve::seen_tag* tag = seen();
    if (tag == nullptr) return compared;
    const bool has_moved = tag->before && tag->before->change != "list";
    if (becomes != nullptr) return has_moved && *becomes != tag->before->digest;
    return (has_moved && tag->digest != tag->before->digest) || compared == true;
  }

  [[nodiscard]] std::vector<rules::finding> judged(const rules::rule_set& set, bool has_digest,
                                                   const registry::digest* becomes = nullptr) const {
    const rules::image_state image{.ref = &*q_.ref,
                                   .has_digest = has_digest,
                                   .pull_policy = policy(),
                                   .pinned = {},
                                   .is_volume = row_.type == pin::container_type::image_volume,
                                   .proofs = proofs(),
                                   .tag = row_.tag,
                                   .is_moved = is_moved(becomes)};
    return rules::judge(set, set.effects_of(subject()), image);
  }

  [[nodiscard]] const rules::proofs* proofs() const {
    const auto image = image_by_digest(row_, *q_.ref);
    return q_.options.proofs == nullptr || !image ? nullptr : q_.options.proofs->find(*image);
  }

  void judge_by_rules() {
    const bool is_never = checks_.set.order_of(subject()).pin == pin::pin_order::never;
    for (rules::finding& f : judged(checks_.set, q_.ref->is_pinned())) {
      const std::size_t at = checks_.rows[f.rule];
      if (at == pipeline::file_checks::no_row) continue;
      // A rule wants the image without a digest.
      if (is_never && checks_.is_own(f.rule) && f.requirement == rules::requirement::digest) continue;
      const pipeline::check_rule& rule = checks_.table[at];
      // What could not be judged is a note: of signatures, and of moves where nothing is known to compare with.
      row_finding out{rule.id, f.failure ? severity::note : rule.level,
                      fmt::format("{}: {}", quoted_name(row_.image), f.reason), std::move(f.fix), f.kind};
      for (const std::string& line : f.lines) out.message += fmt::format("; {}", line);
      if (f.failure && f.failure->code != error_code::unsupported)
        row_.unverified.push_back(fmt::format("rule {}: {}: {}", rule.id, quoted_name(row_.image), f.reason));
      if (f.requirement <= rules::requirement::digest && !is_never) {
        if (std::string text = pin_text(); !text.empty()) {
          out.fix = std::move(text);
          out.kind = fix_kind::text;
        } else {
          out.fix = fmt::format("pinhook resolve {}", row_.image);
          out.kind = fix_kind::command;
        }
      }
      row_.findings.push_back(std::move(out));
    }
  }

  void judge_running() {
    if (row_.is_mixed) {
      std::string list;
      for (const running_digest& one : row_.running)
        list +=
            fmt::format("{}{} in {}", list.empty() ? "" : ", ", one.digest.shortened(), counted_noun(one.pods, "Pod"));
      add_restart(id::mixed, severity::error,
                  fmt::format("its Pods run {} images for {}: {}", row_.running.size(), quoted_name(row_.image), list),
                  "pin the image, then restart the workload");
    }
    if (row_.differs == true && !row_.is_mixed)
      add_restart(
          id::differs, severity::error,
          fmt::format("{} is written, and {} runs", quoted_name(row_.image), row_.running.front().digest.shortened()),
          "look at the nodes: their runtime holds other bytes under this name");
  }

  void add_restart(std::string_view rule, severity level, std::string message, std::string otherwise) {
    std::string command = row_.written == written_class::pinned ? restart_command(row_) : std::string();
    const bool is_command = !command.empty();
    add(rule, level, std::move(message), is_command ? std::move(command) : std::move(otherwise),
        is_command ? fix_kind::command : fix_kind::advice);
  }

  void judge_by_registry() {
    if (row_.gone == true)
      add(id::gone, severity::error,
          fmt::format("the registry no longer has {}: a node that must pull it cannot start the container",
                      quoted_name(row_.image)),
          "push the image again, or write a digest that the registry has", fix_kind::advice);
    if (!row_.unresolved.empty())
      add(id::unresolvable, severity::error, row_.unresolved, "write a tag that the registry has", fix_kind::advice);
    if (!row_.baseline || !row_.tag_digest) return;
    const auto tell = [&](std::string_view rule, severity level, std::string_view what) {
      add(rule, level,
          fmt::format("the tag {} moved from {} to {}: {}", quoted_name(row_.tag), row_.baseline->shortened(),
                      row_.tag_digest->shortened(), what),
          pin_text(), fix_kind::text);
    };
    switch (row_.moved) {
      case move::list:
        return tell(id::moved_list, severity::note, "only the list of platforms or the attestations changed");
      case move::bytes:
        return tell(id::moved, severity::warning, "other bytes, perhaps a security fix, are not used yet");
      case move::version_tag:
        return tell(id::moved_version, severity::error,
                    "a tag that names one release is expected to stay; find out who pushed it");
      case move::none:
      case move::unknown:
        return;
    }
  }

  // The digest that the next change of the workload gets: the recorded one, the one that stands in while a cooldown
  // lasts (and why), or the one that the tag has now.
  [[nodiscard]] std::optional<registry::digest> digest_to_take(std::string& reason) const {
    if (q_.recorded || !row_.tag_digest) return q_.recorded;
    const resolve::seen_tag* tag = seen();
    const std::uint32_t rule = checks_.set.effects_of(subject()).cooldown;
    if (tag == nullptr || rule == rules::effects::none) return row_.tag_digest;
    const rules::rule& of = checks_.set.rules()[rule];
    const auto length = of.cooldown.value_or(std::chrono::nanoseconds(0));
    const auto held = resolve::held_back(*tag, *row_.tag_digest, length, q_.options.now);
    if (!held) return row_.tag_digest;
    // A digest that no report has seen is seen by this one.
    const auto until = held->until.value_or(q_.options.now + std::chrono::duration_cast<wall_time::duration>(length));
    reason = fmt::format("rule {}: cooldown {}: the tag has {}, which waits until {}", of.name, duration_text(length),
                         row_.tag_digest->shortened(), timestamp_text(until));
    return held->digest;
  }

  // As the webhook decides: rules that deny first, then the digest.
  void add_what_if() {
    what_if out{.is_denied = false, .rule = {}, .becomes = row_.image, .reason = {}};
    const bool is_enforced = *q_.options.what_if == pin::mode::enforce;
    if (!q_.ref) {
      out.reason = "it is not a valid image reference";
      out.is_denied = is_enforced;
      out.rule = is_enforced ? std::string(pipeline::rule_id::invalid) : std::string();
      row_.if_opted_in = std::move(out);
      return;
    }
    const bool is_never = checks_.set.order_of(subject()).pin == pin::pin_order::never;
    const bool is_pinned = q_.ref->is_pinned();
    std::string held;
    const auto taken = is_pinned || is_never ? std::nullopt : digest_to_take(held);
    const bool can_pin = taken.has_value();
    if (can_pin) {
      out.becomes = pin_text(*taken);
      out.reason = std::move(held);
    }
    if (is_never && !is_pinned)
      out.reason = "a rule has pin: never";
    else if (!is_pinned && !can_pin && !q_.has_facts)
      out.reason = "no registry was asked (--no-registry)";
    else if (!is_pinned && !can_pin)
      out.reason = row_.unresolved.empty() ? "its tag could not be resolved" : row_.unresolved;
    const bool is_unresolved = !is_pinned && !is_never && !can_pin && q_.has_facts;
    const bool has_digest = is_pinned || can_pin || (!q_.has_facts && !is_never);
    for (const rules::finding& f : judged(checks_.set, has_digest,
                                          taken       ? &*taken
                                          : is_pinned ? &*q_.ref->digest()
                                                      : nullptr)) {
      if (f.action != rules::action::deny || f.failure || checks_.is_own(f.rule)) continue;
      out.is_denied = true;
      out.rule = checks_.set.rules()[f.rule].name;
      out.reason = f.reason;
      break;
    }
    if (!out.is_denied && is_unresolved && is_enforced) {
      out.is_denied = true;
      out.rule = id::unresolvable;
    }
    if (out.is_denied) out.becomes = row_.image;
    row_.if_opted_in = std::move(out);
  }

  const row_question& q_;
  row& row_;
  const pipeline::file_checks& checks_;
};

}  // namespace

rules::subject subject_of(const row& of, const registry::reference& ref) {
  return {.ref = &ref,
          .ns = of.ns,
          .group = of.owner.group,
          .kind = of.owner.kind,
          .container = of.container,
          .type = of.type};
}

void add_findings(const row_question& question) { judged_row(question).judge(); }

void add_questions(const row& of, const row_options& options, rules::proof_requests& to) {
  const auto ref = registry::reference::parse(of.image);
  if (!ref || options.checks == nullptr) return;
  const rules::rule_set& set = options.checks->set;
  if (const auto image = image_by_digest(of, *ref)) to.add(*image, set, set.effects_of(subject_of(of, *ref)));
}

const pipeline::rule_table& cluster_rules() {
  static const pipeline::rule_table rules{
      {std::string(id::mixed), severity::error, "Pods of one workload run two images",
       "The tag moved while the workload ran: replicas differ, and which bytes answer depends on the Pod.",
       "Pin the image, then restart the workload: `kubectl rollout restart`."},
      {std::string(id::differs), severity::error, "Another image runs than the one that is written",
       "The digest that runs is neither the pinned one nor a platform of it.",
       "Look at the node: its runtime holds other bytes under this name. Restart the workload."},
      {std::string(id::moved), severity::warning, "Tag moved to other bytes",
       "The tag has other bytes now than those that are pinned or run: an update is not used yet.",
       "Look at what changed, then take it: the annotation `pinhook.dev/refresh`, or the new digest in the manifest."},
      {std::string(id::moved_list), severity::note, "Tag moved, with the same bytes",
       "Only attestations or the list of platforms changed: what nodes run is the same.", "Nothing has to be done."},
      {std::string(id::moved_version), severity::error, "A version's tag moved",
       "A tag that names one release is expected to stay. It was pushed again with other bytes: by mistake, or by an "
       "attacker.",
       "Find out who pushed it and why. Turn on immutable tags in the registry."},
      {std::string(id::gone), severity::error, "The registry no longer has the pinned digest",
       "The next node that has to pull it cannot start the container.",
       "Push the image again, or write a digest that the registry has. Let the registry's clean-up keep untagged "
       "manifests that run."},
      {std::string(id::unresolvable), severity::error, "The registry does not have the tag",
       "A Pod on a new node cannot start, and a namespace with `enforce` denies the workload.",
       "Write a tag that the registry has: `pinhook explain --try REF` shows its answer."},
  };
  return rules;
}

pipeline::rule_table rules_of_report(const pipeline::file_checks& checks) {
  pipeline::rule_table out = checks.table;
  out.insert(out.end(), cluster_rules().begin(), cluster_rules().end());
  return out;
}

}  // namespace pinhook::fleet
