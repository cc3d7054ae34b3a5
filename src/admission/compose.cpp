// The verdict: patch, warnings, denial, audit annotations.
#include <pinhook/admission/cooldowns.hpp>
#include <pinhook/admission/entry_list.hpp>
#include <pinhook/admission/failure.hpp>
#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/pinned_slots.hpp>
#include <pinhook/admission/proof_checks.hpp>
#include <pinhook/admission/pull_policy.hpp>
#include <pinhook/admission/refusal_lines.hpp>
#include <pinhook/admission/rule_findings.hpp>
#include <pinhook/admission/slot_failures.hpp>
#include <pinhook/admission/slot_words.hpp>
#include <pinhook/admission/wait_words.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/pin/write_pin.hpp>
#include <pinhook/rules/judge.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

namespace pinhook::admission {
namespace {

using pin::decision;
using lookup_of = slot_failures::subject;

class composer {
 public:
  composer(const inquiry& about, pin::mode m, const rulebook& book, const std::vector<result<resolve::answer>>& answers)
      : about_(about), mode_(m), book_(book), answers_(answers), found_(about, m, book.rules), failed_(about, m) {
    for (const std::string& w : about.plan.warnings) warn(w);
  }

  verdict make() {
    if (about_.plan.exempt != pin::leave_reason::none) note_exemption();
    if (!about_.checks.empty())
      for (const judged_slot& j : about_.judged)
        if (auto why = unverified(about_, j, book_)) unverified_.push_back({j.slot, *std::move(why), j.proof_tenant});
    v_.slots.reserve(about_.work.size());
    pinned_.reserve(about_.work.size());
    recorded_.reserve(about_.work.size());
    for (const slot_work& w : about_.work) take(w);
    if (about_.work.empty()) take_unplanned();
    for (const judged_slot& j : about_.judged)
      if (!j.is_vouched || !j.demands_only_proofs) found_.judge(j, state_of(j));
    const bool is_denied = found_.denies() || (mode_ == pin::mode::enforce && !failed_.is_empty());
    if (is_denied)
      deny();
    else if (mode_ != pin::mode::audit)
      write_patch();
    const bool is_audited =
        mode_ == pin::mode::audit && (!pinned_.empty() || !failed_.is_empty() || !found_.is_empty());
    v_.outcome = is_denied                ? outcome::denied
                 : !answer_.patch.empty() ? (is_as_before_ ? outcome::kept : outcome::pinned)
                 : is_audited             ? outcome::audited
                                          : outcome::unchanged;
    if (!pins_.is_empty()) answer_.audit.emplace_back("pins", pins_.text());
    if (!skipped_.is_empty()) answer_.audit.emplace_back("skipped", skipped_.text());
    if (!found_.is_empty()) take_findings();
    for (std::string& w : previews_) warn(std::move(w));
    add_help(answer_.warnings, help_line(book_.help, about_.request.ns));
    v_.body = encode_review(about_.request.uid, answer_);
    return std::move(v_);
  }

 private:
  // A slot of which the mode decides, since the signatures that a rule demands could not be looked up.
  struct unverified_slot {
    std::size_t slot = 0;
    error cause;
    std::size_t tenant = no_tenant;
  };

  // The lists are in the order of the slots.
  template <class T>
  static const T* find_slot(const std::vector<T>& in, std::size_t slot) {
    const auto found = std::ranges::lower_bound(in, slot, {}, &T::slot);
    return found != in.end() && found->slot == slot ? &*found : nullptr;
  }

  void warn(std::string text) { answer_.warnings.push_back({std::move(text)}); }

  // The image as it will run, or in audit mode would run; valid until the next call. A denied image (for its registry,
  // or in mode enforce because it cannot be pinned) does not run at all: it is taken as if it had been pinned.
  rules::image_state state_of(const judged_slot& j) {
    const pin::slot& s = slot_of(j.slot);
    const pinned_slot* pinned = find_slot(pinned_, j.slot);
    rules::image_state out;
    out.ref = &j.ref;
    out.is_volume = s.type == pin::container_type::image_volume;
    const bool does_not_run = j.is_denied || (mode_ == pin::mode::enforce && failed_.contains(j.slot));
    const proof_check* check = j.check == no_check ? nullptr : &about_.checks[j.check];
    if (check != nullptr) out.proofs = &check->answers;
    const bool is_asked = check != nullptr && (!j.is_unchanged || check->answers.size() == check->questions.size());
    out.leaves_proofs = does_not_run || j.is_vouched || !is_asked || find_slot(unverified_, j.slot) != nullptr;
    if (pinned != nullptr && pinned->is_tag) pinned = nullptr;
    out.has_digest = j.ref.is_pinned() || pinned != nullptr || does_not_run;
    if (pinned != nullptr) {
      out.pinned = pinned->to;
    } else if (j.known) {
      const auto format = book_.rules.order_of(j.effects).format.value_or(book_.policy.format);
      known_pin_ = pin::write_pin(j.ref.written_name(), j.ref.effective_tag(), *j.known, format);
      out.pinned = known_pin_;
    }
    if (j.effects.demands[static_cast<std::size_t>(rules::requirement::unmoved)] != rules::effects::none) {
      out.is_moved = does_not_run
                         ? std::optional(false)
                         : runs_moved_bytes(about_, j, pinned != nullptr ? std::string_view(pinned->to) : s.image);
      out.moves_unknown = "the setting moves.file is not set";
    }
    const bool is_planned = !about_.work.empty() && (pinned != nullptr || does_not_run);
    if (s.type != pin::container_type::other)
      out.pull_policy = pull_policy_of(s, j.ref, is_planned ? &about_.work[j.slot].decision : nullptr);
    return out;
  }

  // Where not all fit, the faults come before the lines to write.
  void take_findings() {
    auto found = found_.take_warnings();
    const bool all_fit = answer_.warnings.size() + found.size() <= max_warnings;
    const auto take_if = [&](auto is_wanted) {
      for (warning& w : found)
        if (is_wanted(w)) answer_.warnings.push_back(std::move(w));
    };
    take_if([&](const warning& w) { return all_fit || !w.is_line; });
    if (!all_fit) take_if([](const warning& w) { return w.is_line; });
    answer_.audit.emplace_back("findings", found_.annotation());
    v_.findings = found_.take_outcomes();
  }

  const pin::slot& slot_of(std::size_t index) const { return about_.now.found.slots[index]; }

  // The tag reference behind the decision; a refreshed slot itself holds a digest, which readers would not recognise.
  std::string image_of(const decision& d) const { return d.ref ? d.ref->written() : slot_of(d.slot).image; }

  // "reason (container web, image nginx:1.25)"; warnings beyond those that an answer shows are only counted.
  template <class Reason>
  void warn_of(const decision& d, const Reason& reason) {
    const bool is_shown = answer_.warnings.size() < max_warnings;
    warn(is_shown ? with_names(reason(), slot_of(d.slot), image_of(d), max_warning_size) : std::string());
  }

  // Operations and subresources that pinning does not apply to are not worth a note in every audit event.
  void note_exemption() {
    const pin::leave_reason exempt = about_.plan.exempt;
    if (exempt != pin::leave_reason::other_operation && exempt != pin::leave_reason::other_subresource)
      skipped_.add([&] { return pin::to_string(exempt); });
  }

  void take(const slot_work& w) {
    const decision& d = w.decision;
    const unverified_slot* unknown = find_slot(unverified_, d.slot);
    const bool is_kept = d.action == decision::kind::keep && mode_ != pin::mode::enforce;
    // A recorded pin stays where nothing is refused: without it the image would move.
    if (unknown != nullptr && is_kept)
      warn_failed({d.slot, image_of(d), unknown->cause, unknown->tenant, lookup_of::signatures});
    else if (unknown != nullptr)
      return take_failed(d, unknown->cause, unknown->tenant, lookup_of::signatures);
    switch (d.action) {
      case decision::kind::leave:
        take_left(d);
        break;
      case decision::kind::keep:
        take_kept(w);
        break;
      case decision::kind::resolve: {
        const auto& answer = answers_.at(w.lookup);
        if (answer)
          take_resolved(w, *answer);
        else if (w.wait && !w.wait->is_passed_over)
          take_failed(d, wait_words(*w.wait, book_.rules).without_digest_before(answer.error()), w.tenant);
        else if (slot_of(d.slot).is_guess && is_unknown(answer.error()))
          take_guess(d, answer.error());
        else
          take_failed(d, answer.error(), w.tenant);
        break;
      }
      case decision::kind::refuse:
        take_failed(d, {error_code::invalid_input, d.problem, std::nullopt}, no_tenant);
        break;
      case decision::kind::restore:
        take_restored(w);
        break;
    }
  }

  // The Pod of a foreign controller: rules alone look at it.
  void take_unplanned() {
    for (const judged_slot& j : about_.judged)
      if (const unverified_slot* unknown = find_slot(unverified_, j.slot))
        take_failed({j.slot, j.ref.written(), unknown->cause, unknown->tenant, lookup_of::signatures});
  }

  void add_outcome(slot_outcome::kind status, std::size_t index, std::string to, std::string_view source) {
    const pin::slot& s = slot_of(index);
    v_.slots.push_back({status, std::string(pin::label_of(s)), s.image, std::move(to), std::string(source)});
  }

  void take_left(const decision& d) {
    add_outcome(slot_outcome::kind::skipped, d.slot, {}, pin::to_string(d.reason));
    if (d.reason != pin::leave_reason::has_digest && d.reason != pin::leave_reason::same_image)
      skipped_.add([&] { return fmt::format("{}: {}", short_label(slot_of(d.slot)), pin::to_string(d.reason)); });
  }

  // Whatever the mode: the text may be anything, and an object that is no workload must not fail for it.
  void take_guess(const decision& d, const error& cause) {
    const std::string_view reason = pin::to_string(pin::leave_reason::unknown_guess);
    add_outcome(slot_outcome::kind::skipped, d.slot, {}, reason);
    warn_of(d, [&] { return fmt::format("left as it is, since only its key tells of an image: {}", cause.message); });
    skipped_.add([&] { return fmt::format("{}: {}", short_label(slot_of(d.slot)), reason); });
  }

  void take_restored(const slot_work& w) {
    const decision& d = w.decision;
    if (mode_ == pin::mode::audit) {
      take_left(d);
      return;
    }
    const pin::slot& s = slot_of(d.slot);
    add_outcome(slot_outcome::kind::skipped, d.slot, d.standing, pin::to_string(pin::leave_reason::immutable));
    pins_.add([&] { return pin_entry(s, d.standing); });
    pinned_.push_back({d.slot, d.standing, false, true});
  }

  void take_kept(const slot_work& w) {
    const decision& d = w.decision;
    take_pin(slot_outcome::kind::kept, d, *d.kept, "recorded");
    if (!w.known || *w.known == *d.kept) return;
    warn_of(d, [&] {
      return fmt::format("the tag moved to {}; kept {}{}", w.known->shortened(), d.kept->shortened(),
                         d.is_movable ? ": annotation pinhook.dev/refresh takes it" : "");
    });
  }

  void take_resolved(const slot_work& w, const resolve::answer& a) {
    const decision& d = w.decision;
    const auto other = std::ranges::find(about_.signed_tags, w.lookup, &signed_tag::lookup);
    if (other != about_.signed_tags.end())
      warn_of(d, [&] {
        return fmt::format("the tag is signed to be {}, which is taken; the registry has {}", a.digest.shortened(),
                           other->of_registry.shortened());
      });
    // A refresh that finds the same digest leaves the slot as it is, in whatever format it is written.
    if (is_pinned_to(slot_of(d.slot).image, a.digest)) {
      add_outcome(slot_outcome::kind::skipped, d.slot, {}, "same_digest");
      return;
    }
    if (a.trouble && a.trouble->is_unservable) return take_unservable(d, *a.trouble);
    if (a.trouble) warn_of(d, [&] { return fmt::format("the pin may not run: {}", a.trouble->reason.message); });
    if (w.wait) note_wait(w, a.digest);
    take_pin(slot_outcome::kind::pinned, d, a.digest, resolve::to_string(a.from));
  }

  void note_wait(const slot_work& w, const registry::digest& taken) {
    const wait_words words(*w.wait, book_.rules);
    warn_of(w.decision, [&] { return words.warning(taken); });
    skipped_.add([&] { return fmt::format("{}: {}", short_label(slot_of(w.decision.slot)), words.entry()); });
  }

  // In every mode: the tag works, and a pin would not.
  void take_unservable(const decision& d, const resolve::pull_trouble& trouble) {
    add_outcome(slot_outcome::kind::skipped, d.slot, {}, "no_place_by_digest");
    warn_of(d, [&] {
      return fmt::format("stays a tag, since nodes could not pull it by digest: {}", trouble.reason.message);
    });
    skipped_.add([&] { return fmt::format("{}: {}", short_label(slot_of(d.slot)), trouble.reason.message); });
  }

  void take_pin(slot_outcome::kind status, const decision& d, const registry::digest& digest, std::string_view source) {
    const pin::slot& s = slot_of(d.slot);
    const bool is_written = is_pinned_to(d.standing, digest);
    std::string to =
        is_written ? d.standing : pin::write_pin(d.ref->written_name(), d.ref->effective_tag(), digest, d.format);
    recorded_.push_back({d.ref->canonical(), digest});
    if (mode_ == pin::mode::audit) {
      add_outcome(slot_outcome::kind::skipped, d.slot, {}, "audit");
      previews_.push_back(
          with_names(fmt::format("would be pinned to {}", digest.shortened()), s, image_of(d), max_warning_size));
      skipped_.add([&] { return fmt::format("{}: audit: {} -> {}", short_label(s), s.image, to); });
    } else {
      add_outcome(status, d.slot, to, source);
      pins_.add([&] { return pin_entry(s, to); });
    }
    if (d.relaxes_pull_policy)
      (mode_ == pin::mode::audit ? skipped_ : pins_).add([&] {
        return fmt::format("{}: {}{} -> {}", short_label(s), mode_ == pin::mode::audit ? "audit: " : "", s.pull_policy,
                           if_not_present);
      });
    pinned_.push_back({d.slot, std::move(to), d.relaxes_pull_policy});
  }

  void take_failed(const decision& d, error cause, std::size_t tenant, lookup_of about = lookup_of::digest) {
    take_failed({d.slot, image_of(d), std::move(cause), tenant, about});
  }

  void take_failed(slot_failures::entry e) {
    add_outcome(slot_outcome::kind::failed, e.slot, {}, e.cause.message);
    if (mode_ != pin::mode::enforce) warn_failed(e);
    failed_.add(std::move(e));
  }

  // Warnings beyond those that an answer shows are only counted.
  void warn_failed(const slot_failures::entry& e) {
    warn(answer_.warnings.size() < max_warnings ? failed_.warning(e) : std::string());
    skipped_.add([&] { return fmt::format("{}: {}", short_label(slot_of(e.slot)), e.cause.message); });
  }

  // All or nothing. After a refusal by rules another try would not help, so the status is 403; else it is that of the
  // first failure where another try would not help, else of the first failure.
  void deny() {
    answer_.is_allowed = false;
    if (!found_.denies()) {
      const failure_status& status = failed_.status();
      answer_.status.code = status.code;
      answer_.status.reason = status.reason;
    }
    std::vector<std::string> last = last_lines(about_.request.ns, mode_, book_.help);
    const std::size_t room = max_message_size - size_of(last);
    std::vector<std::string>& lines = answer_.status.lines;
    // The message has both: neither takes the other's room.
    if (found_.denies()) lines = found_.denial(failed_.is_empty() ? room : room / 2);
    if (!failed_.is_empty()) append(lines, failed_.lines(room - size_of(lines)));
    append(lines, std::move(last));
    pins_.clear();
    skipped_.clear();
    // In the end nothing was pinned.
    for (slot_outcome& o : v_.slots) {
      if (o.status == slot_outcome::kind::failed || o.to.empty()) continue;
      o = {slot_outcome::kind::skipped, std::move(o.container), std::move(o.from), {}, "denied"};
    }
  }

  static void append(std::vector<std::string>& to, std::vector<std::string> more) {
    std::ranges::move(more, std::back_inserter(to));
  }

  void write_patch() {
    is_as_before_ = are_as_before(about_, pinned_);
    answer_.patch = patch_of(about_, pinned_, std::move(recorded_));
  }

  const inquiry& about_;
  const pin::mode mode_;
  const rulebook& book_;
  const std::vector<result<resolve::answer>>& answers_;
  rule_findings found_;
  std::string known_pin_;
  /// Audit mode: warnings about images that would be pinned. They come after those about faults.
  std::vector<std::string> previews_;
  verdict v_;
  answer answer_;
  std::vector<pinned_slot> pinned_;
  /// Each image that is written is the one that oldObject has.
  bool is_as_before_ = false;
  slot_failures failed_;
  std::vector<unverified_slot> unverified_;
  std::vector<pin::recorded_pin> recorded_;
  entry_list pins_, skipped_;
};

}  // namespace

verdict compose(const inquiry& about, pin::mode m, const rulebook& book,
                const std::vector<result<resolve::answer>>& answers) {
  verdict v = about.not_planned ? refuse_whole(about, m, book) : composer(about, m, book, answers).make();
  v.uid = about.request.uid;
  v.group = about.request.group;
  v.kind = about.request.kind;
  v.ns = about.request.ns;
  v.name = about.request.name;
  v.operation = to_string(about.request.operation);
  v.is_dry_run = about.request.is_dry_run;
  return v;
}

}  // namespace pinhook::admission
