#include <pinhook/pipeline/pin_run.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/files/kustomization.hpp>
#include <pinhook/pipeline/fault_counts.hpp>
#include <pinhook/pipeline/in_order.hpp>
#include <pinhook/pipeline/input_text.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/slot_label.hpp>
#include <pinhook/pipeline/slot_proofs.hpp>
#include <pinhook/pipeline/unread.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace pinhook::pipeline {
namespace {

std::string_view verb_of(const pin_run_options& options) {
  const bool is_unpin = options.task == pin_task::unpin;
  if (options.target == run_target::diff) return is_unpin ? "would unpin" : "would pin";
  return is_unpin ? "unpinned" : "pinned";
}

}  // namespace

pin_run::pin_run(pin_run_options options, std::vector<input> inputs, const files::image_places& places)
    : options_(std::move(options)),
      choice_{options_.task, options_.format, options_.orders},
      places_(places),
      output_(options_.target) {
  // Other languages cannot be between the documents of a stream; they are printed when they are named.
  if (options_.target == run_target::standard_output && inputs.size() > 1)
    std::erase_if(inputs, [](const input& in) {
      return !in.is_named && files::syntax_of_file(in.path) != files::file_syntax::yaml;
    });
  for (auto& in : inputs) files_.push_back({.in = std::move(in), .gaps = std::nullopt, .renamed = {}});
  read_memory();
  report_inputs();
  if (options_.task != pin_task::unpin) find_entries();
  if (options_.task != pin_task::unpin && !is_stopped()) find_gaps();
  if (options_.task != pin_task::unpin && !is_stopped()) find_renames();
}

void pin_run::worsen(run_status status) { outcome_.status = std::max(outcome_.status, status); }

void pin_run::bad(const std::string& path, const error& e) {
  say_error(fmt::format("{}: {}", shown_path(path), e.message));
  ++n_.bad_files;
  const bool is_ours = e.code == error_code::internal;
  worsen(is_ours ? run_status::failed : run_status::invalid);
}

bool pin_run::is_stopped() const { return n_.bad_files != 0 && !options_.keeps_going; }

void pin_run::read_memory() {
  if (!options_.memory || !options_.memory->existing) return;
  auto read = files::read_lock(*options_.memory->existing);
  if (!read) return bad(options_.memory->path, read.error());
  memory_ = std::move(*read);
  remembered_ = memory_.images;
}

std::vector<registry::digest> pin_run::pins_of(std::string_view canonical) const {
  std::vector<registry::digest> out;
  for (const auto& file : files_) {
    if (!file.in.content) continue;
    for (const auto& s : file.in.content->slots())
      if (s.is_pinned() && s.tag && s.tag->canonical() == canonical) out.push_back(*s.ref->digest());
  }
  return out;
}

digest_map pin_run::cooled(const digest_map& known) {
  if (!options_.memory) return known;
  const auto& wait = options_.memory->wait;
  memory_.images = remembered_;
  choice_.waiting.clear();
  waiting_notes_.clear();
  auto out = known;
  for (const auto& ref : wanted()) {
    const auto found = out.find(ref.canonical());
    if (found == out.end() || !found->second) continue;
    const auto pins = pins_of(ref.canonical());
    std::optional<resolve::locked_image> before;
    if (const auto* held = memory_.images.find(ref.canonical()))
      before = *held;
    else if (!pins.empty())
      before = resolve::locked_image{pins.front(), {}};
    // What a file is pinned to already is its author's decision.
    const bool is_decided = std::ranges::find(pins, *found->second) != pins.end();
    auto after =
        after_look_up(before ? &*before : nullptr, *found->second, is_decided ? at_once(wait) : wait, ref.canonical());
    if (after.seen) {
      waiting_notes_.push_back(waiting_note(ref.canonical(), after, wait));
      choice_.waiting.insert(ref.canonical());
      found->second = after.digest;
    }
    memory_.images.put(ref, std::move(after));
  }
  return out;
}

std::vector<rules::proof_request> pin_run::questions(const digest_map& known) {
  rules::proof_requests out;
  if (is_stopped() || options_.task == pin_task::unpin || !demands_signatures(options_.orders.set)) return out.take();
  digests_ = cooled(known);
  for (const auto& file : files_) {
    if (!file.in.content) continue;
    add_questions(*file.in.content, choice_for(file), *digests_, out);
    if (!file.gaps) continue;
    for (const auto& gap : file.gaps->missing)
      if (const auto found = digests_->find(gap.ref.canonical()); found != digests_->end() && found->second)
        for (const auto& e : gap.effects) add_questions(options_.orders.set, e, gap.ref, *found->second, out);
  }
  return out.take();
}

void pin_run::take(rules::image_proofs answers) { proofs_ = std::move(answers); }

void pin_run::report_inputs() {
  std::size_t excluded = 0;
  for (const auto& file : files_) {
    if (file.in.is_excluded) ++excluded;
    if (auto note = unread_note(file.in); !note.empty()) say(std::move(note));
    if (file.in.content || file.in.is_excluded) continue;
    const auto& e = file.in.content.error();
    if (e.code == error_code::unsupported && !file.in.is_named)
      say(fmt::format("{}: skipped: {}", shown_path(file.in.path), e.message));
    else
      bad(file.in.path, e);
  }
  if (auto note = excluded_note(excluded); !note.empty()) say(std::move(note));
}

void pin_run::find_entries() {
  std::set<std::filesystem::path> own;
  for (const auto& file : files_) {
    if (!file.in.content || !files::is_kustomization(file.in.content->text(), file.in.path)) continue;
    add_entries(file.in.path, file.in.content->text());
    own.insert(canonical_path(file.in.path));
  }
  for (const auto& path : options_.around)
    if (!own.contains(canonical_path(path)))
      if (const auto text = read_input_text(path)) add_entries(path, *text);
}

void pin_run::add_entries(const std::string& path, std::string_view text) {
  auto entries = files::image_entries(text);
  if (entries && std::ranges::any_of(*entries, files::compares_tags)) entries_.emplace_back(path, std::move(*entries));
}

void pin_run::find_gaps() {
  std::vector<const input*> inputs;
  for (const auto& file : files_) inputs.push_back(&file.in);
  auto found = gaps_of_named(inputs, places_, options_.orders);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!found[i]) continue;
    auto& gaps = *found[i];
    const auto& path = files_[i].in.path;
    if (!gaps) {
      bad(path, gaps.error());
      files_[i].in.content = fail(std::move(gaps.error()));
      continue;
    }
    for (const auto& note : gaps->notes) say(fmt::format("{}: {}", path, note));
    files_[i].gaps = std::move(*gaps);
  }
}

void pin_run::find_renames() {
  std::vector<const input*> inputs;
  std::vector<std::optional<kustomization_gaps>> gaps;
  for (auto& file : files_) {
    inputs.push_back(&file.in);
    gaps.push_back(std::move(file.gaps));
  }
  auto found = renames_in(inputs, options_.around, places_, &gaps);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    files_[i].renamed = std::move(found[i]);
    files_[i].gaps = std::move(gaps[i]);
  }
}

std::vector<registry::reference> pin_run::wanted() const {
  std::vector<registry::reference> out;
  if (is_stopped()) return out;
  std::set<std::string, std::less<>> names;
  const auto add = [&](const registry::reference& ref) {
    if (names.insert(ref.canonical()).second) out.push_back(ref);
  };
  for (const auto& file : files_) {
    if (!file.in.content) continue;
    for (const auto& ref : pipeline::wanted(*file.in.content, choice_for(file))) add(ref);
    if (!file.gaps) continue;
    for (const auto& gap : file.gaps->missing) {
      if (!refusal_of(gap).empty()) continue;
      add(gap.ref);
      for (const auto& one : gap.renamed)
        if (one.ref) add(*one.ref);
    }
  }
  return out;
}

void pin_run::report_slot(const one_file& file, const files::slot& s, const slot_result& r) {
  using kind = slot_result::kind;
  if (r.is_unchecked) ++n_.unchecked;
  for (const auto& one : r.warnings) say(fmt::format("{}: {}", slot_label(file.in.path, s), one));
  switch (r.outcome) {
    case kind::changed:
      ++n_.changed_images;
      return;
    case kind::current:
      ++n_.current;
      return;
    case kind::left:
      ++n_.left;
      if (!r.rule.empty()) {
        ++left_by_rule_[r.rule];
        return;
      }
      // An image that the author wrote so on purpose needs no line; an entry of a kustomization does, since it may seem
      // to pin an image that it does not pin.
      if (!files::is_on_purpose(s.reason) || !s.problem.empty() || s.form == files::slot_form::kustomization)
        say(fmt::format("{}: {} is left as it is: {}", slot_label(file.in.path, s), quoted_name(s.written), r.message));
      return;
    case kind::failed:
      ++n_.failed;
      memory_.images.restore((s.tag ? *s.tag : *s.ref).canonical(), remembered_);
      worsen(r.code == error_code::internal ? run_status::failed : run_status::unresolved);
      say_error(fmt::format("{}: {}", slot_label(file.in.path, s), r.message));
      return;
    case kind::refused:
      ++n_.refused;
      worsen(run_status::failed);
      memory_.images.restore((s.tag ? *s.tag : *s.ref).canonical(), remembered_);
      say_error(
          fmt::format("{}: {} is not pinned: {}", slot_label(file.in.path, s), quoted_name(s.written), r.message));
      return;
  }
}

pin_choice pin_run::choice_for(const one_file& file) const {
  auto out = choice_;
  out.renamed = file.renamed;
  out.proofs = proofs_ ? &*proofs_ : nullptr;
  for (const auto& [path, entries] : entries_)
    if (path != file.in.path) out.entries.push_back(entries);
  return out;
}

pin_run::made_file pin_run::make(const one_file& file, const digest_map& known) const {
  if (!file.in.content) return {fail(error_code::internal, "")};
  const auto choice = choice_for(file);
  made_file out{pipeline::pinned(*file.in.content, choice, known)};
  if (out.pinned)
    if (auto ok = take_entries_away(file, choice, *out.pinned); !ok) out.pinned = fail(std::move(ok).error());
  // Of other files more may change.
  if (options_.target == run_target::diff && out.pinned && !file.gaps && options_.task != pin_task::unpin)
    out.diff = diff_of(file.in, out.pinned->text);
  return out;
}

void pin_run::finish_file(one_file& file, made_file made, const digest_map& known) {
  if (!file.in.content) return;
  const auto& content = *file.in.content;
  auto& pinned = made.pinned;
  if (!pinned) return bad(file.in.path, pinned.error());
  if (const auto lost = pinned->lost_tags_note(); !lost.empty())
    say(fmt::format("{}: {}", shown_path(file.in.path), lost));
  for (const auto& doubt : pinned->doubts) say(fmt::format("{}: {}", shown_path(file.in.path), doubt));
  for (const auto& note : pinned->notes) say(fmt::format("{}: {}", shown_path(file.in.path), note));
  for (const auto& r : pinned->results)
    if (!is_filled(file, content.slots()[r.slot])) report_slot(file, content.slots()[r.slot], r);
  auto text = with_gaps(file, std::move(pinned->text), known);
  if (!text) return bad(file.in.path, text.error());
  if (output_.add(std::move(file.in), std::move(*text), std::move(made.diff))) ++n_.changed_files;
}

void pin_run::emit() {
  // First, so that a lock file that cannot be written leaves the files as they are.
  if (options_.memory && options_.target != run_target::diff)
    if (auto text = files::write_lock(memory_); text != options_.memory->existing)
      outcome_.writes.push_back(
          {options_.memory->path, std::move(text), mark_of(options_.memory->existing.value_or(std::string()))});
  if (const auto ok = output_.put_into(outcome_, files_.size()); !ok) {
    say_error(ok.error().message);
    outcome_.status = run_status::invalid;
  }
}

void pin_run::report_rules() {
  for (const auto& [rule, count] : left_by_rule_)
    say(fmt::format("rule {} leaves {} as {}: it says pin: never", rule, counted_noun(count, "image"),
                    count == 1 ? "it is" : "they are"));
}

std::string pin_run::summary() const {
  const bool is_unpin = options_.task == pin_task::unpin;
  std::string out = n_.changed_images == 0
                        ? fmt::format("nothing to {}", is_unpin ? "unpin" : "pin")
                        : fmt::format("{} {} in {}", verb_of(options_), counted_noun(n_.changed_images, "image"),
                                      counted_noun(n_.changed_files, "file"));
  if (n_.current != 0)
    out += fmt::format("; {} {}", n_.current,
                       is_unpin          ? "without a digest"
                       : n_.current == 1 ? "is pinned already"
                                         : "are pinned already");
  if (n_.left != 0) out += fmt::format("; {} left as {}", n_.left, n_.left == 1 ? "it is" : "they are");
  return out + faults_of_rest(faults());
}

run_outcome pin_run::stop(const error& e) {
  say_error(e.message);
  outcome_.status = run_status::invalid;
  return std::move(outcome_);
}

run_outcome pin_run::finish(const digest_map& known) {
  if (!is_stopped()) {
    if (!digests_) digests_ = cooled(known);
    for (std::string& note : waiting_notes_) say(std::move(note));
    in_order<made_file> work({.count = files_.size(), .threads = threads_for(files_.size())},
                             [this](std::size_t i) { return make(files_[i], *digests_); });
    auto next = files_.begin();
    work.run([&](made_file made) { finish_file(*next++, std::move(made), *digests_); });
  }
  if (n_.unchecked != 0) say(unchecked_note(n_.unchecked));
  if (options_.keeps_going || (n_.failed == 0 && n_.refused == 0 && n_.bad_files == 0)) {
    emit();
    report_rules();
    say(summary());
  } else {
    say_error(nothing_written(faults()));
  }
  return std::move(outcome_);
}

}  // namespace pinhook::pipeline
