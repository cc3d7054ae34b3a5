#include <pinhook/pipeline/lock_run.hpp>

#include <pinhook/base/text.hpp>
#include <pinhook/pipeline/fault_counts.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>
#include <pinhook/pipeline/kustomizations_around.hpp>
#include <pinhook/pipeline/slot_label.hpp>
#include <pinhook/pipeline/slot_proofs.hpp>
#include <pinhook/pipeline/unread.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace pinhook::pipeline {

lock_run::lock_run(lock_run_options options, const std::vector<input>& inputs, const files::image_places& places)
    : options_(std::move(options)) {
  read_existing();
  if (!is_stopped()) report_inputs(inputs);
  if (is_stopped()) return;
  auto gaps = find_gaps(inputs, places);
  if (is_stopped()) return;
  auto renamed = find_renames(inputs, places, gaps);
  std::vector<kustomization_gap> missing;
  for (auto& one : gaps)
    if (one) std::ranges::move(one->missing, std::back_inserter(missing));
  plan_ = plan_lock({inputs, std::move(missing), options_.orders, std::move(renamed)},
                    existing_ ? existing_->images : resolve::image_lock(), options_.updates);
  for (const auto& note : plan_.conflicts) say(note);
}

void lock_run::refuse(const error& e) {
  say_error(e.message);
  is_refused_ = true;
  worsen(run_status::invalid);
}

void lock_run::bad(const std::string& path, const error& e) {
  say_error(fmt::format("{}: {}", shown_path(path), e.message));
  ++bad_files_;
  worsen(run_status::invalid);
}

void lock_run::read_existing() {
  if (!options_.existing) return;
  auto content = files::read_lock(*options_.existing);
  if (!content) return refuse(std::move(content.error()).at(options_.path));
  existing_ = std::move(*content);
}

void lock_run::report_inputs(const std::vector<input>& inputs) {
  std::size_t excluded = 0;
  for (const auto& in : inputs) {
    if (in.is_excluded) {
      ++excluded;
      continue;
    }
    if (auto note = unread_note(in); !note.empty()) say(std::move(note));
    if (in.content) {
      for (const auto& s : in.content->slots())
        if (s.reason != files::skip_reason::none && !files::is_on_purpose(s.reason))
          say(fmt::format("{}: {} is not locked: {}", slot_label(in.path, s), quoted_name(s.written), s.problem));
      continue;
    }
    const auto& e = in.content.error();
    if (e.code == error_code::unsupported && !in.is_named)
      say(fmt::format("{}: skipped: {}", shown_path(in.path), e.message));
    else
      bad(in.path, e);
  }
  if (auto note = excluded_note(excluded); !note.empty()) say(std::move(note));
}

std::vector<renamed_images> lock_run::find_renames(const std::vector<input>& inputs, const files::image_places& places,
                                                   std::vector<std::optional<kustomization_gaps>>& gaps) {
  std::vector<const input*> all;
  for (const auto& in : inputs) all.push_back(&in);
  return renames_in(all, kustomizations_around(paths_of(inputs)), places, &gaps);
}

// The images for which pin would add entries to kustomizations.
std::vector<std::optional<kustomization_gaps>> lock_run::find_gaps(const std::vector<input>& inputs,
                                                                   const files::image_places& places) {
  std::vector<const input*> all;
  for (const auto& in : inputs) all.push_back(&in);
  auto found = gaps_of_named(all, places, options_.orders);
  std::vector<std::optional<kustomization_gaps>> out(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!found[i]) continue;
    if (!*found[i]) {
      bad(inputs[i].path, found[i]->error());
      continue;
    }
    for (const auto& note : (*found[i])->notes) say(fmt::format("{}: {}", inputs[i].path, note));
    out[i] = std::move(**found[i]);
  }
  return out;
}

std::vector<registry::reference> lock_run::wanted() const {
  if (is_stopped()) return {};
  auto out = plan_.missing;
  std::erase_if(out, [this](const auto& ref) { return plan_.refusals.contains(ref.canonical()); });
  return out;
}

// The images that get no entry since a rule refuses their registry, which nobody asked.
void lock_run::report_refusals() {
  for (const auto* refs : {&plan_.missing, &plan_.fresh}) {
    for (const auto& ref : *refs) {
      const auto why = plan_.refusals.find(ref.canonical());
      if (why == plan_.refusals.end()) continue;
      refused_.insert(ref.canonical());
      auto line = fmt::format("{}: {} is not locked: {}", plan_.places.at(ref.canonical()), quoted_name(ref.written()),
                              why->second);
      if (plan_.other_names.contains(ref.canonical()) || plan_.guesses.contains(ref.canonical())) {
        say(std::move(line));
        continue;
      }
      ++denied_;
      worsen(run_status::failed);
      say_error(std::move(line));
    }
  }
}

// Reports each with the place of the image.
void lock_run::report_failures(const digest_map& known) {
  for (const auto& ref : plan_.missing) {
    const auto found = known.find(ref.canonical());
    if (found == known.end() || found->second) continue;
    const error& answer = found->second.error();
    const std::string& place = plan_.places.at(ref.canonical());
    if (plan_.other_names.contains(ref.canonical())) {
      say(fmt::format("{}: {}; it is not locked", place, answer.message));
      continue;
    }
    if (plan_.guesses.contains(ref.canonical()) && is_unknown_image(answer)) {
      say(fmt::format("{}: {}; {}, and is not locked", place, answer.message, guess_note));
      continue;
    }
    ++unresolved_;
    worsen(run_status::unresolved);
    say_error(fmt::format("{}: {}", place, answer.message));
  }
}

std::vector<std::pair<registry::reference, registry::digest>> lock_run::new_digests(const digest_map& known) const {
  std::vector<std::pair<registry::reference, registry::digest>> out;
  for (const auto& ref : plan_.fresh)
    if (!plan_.refusals.contains(ref.canonical())) out.emplace_back(ref, plan_.decided.find(ref.canonical())->digest);
  for (const auto& ref : plan_.missing)
    if (const auto found = known.find(ref.canonical()); found != known.end() && found->second)
      out.emplace_back(ref, *found->second);
  return out;
}

std::vector<rules::proof_request> lock_run::questions(const digest_map& known) {
  rules::proof_requests out;
  if (is_stopped() || !demands_signatures(options_.orders.set)) return out.take();
  for (const auto& [ref, digest] : new_digests(known))
    for (const auto& e : plan_.effects.at(ref.canonical())) add_questions(options_.orders.set, e, ref, digest, out);
  return out.take();
}

// What the operator's rules say about signatures of the digests that the lock would get.
void lock_run::judge_signatures(const digest_map& known) {
  if (!demands_signatures(options_.orders.set)) return;
  for (const auto& [ref, digest] : new_digests(known)) {
    const std::string& place = plan_.places.at(ref.canonical());
    bool is_unchecked = false;
    for (const auto& e : plan_.effects.at(ref.canonical())) {
      const auto found = judge_proofs_of(options_.orders.set, e, ref, digest, proofs_ ? &*proofs_ : nullptr);
      is_unchecked = is_unchecked || found.is_unchecked;
      for (const auto& one : found.warnings) say(fmt::format("{}: {}", place, one));
      if (found.refusal.empty() && !found.failure) continue;
      const bool is_refused = !found.refusal.empty();
      refused_.insert(ref.canonical());
      ++(is_refused ? denied_ : unresolved_);
      worsen(is_refused ? run_status::failed : run_status::unresolved);
      say_error(fmt::format("{}: {} is not locked: {}", place, quoted_name(ref.written()),
                            is_refused ? found.refusal : found.failure->message));
      break;
    }
    if (is_unchecked) ++unchecked_;
  }
  if (unchecked_ != 0) say(unchecked_note(unchecked_));
}

files::lock_format lock_run::format() const {
  if (options_.format) return *options_.format;
  return existing_ ? existing_->format : files::lock_format::pinhook;
}

void lock_run::write(std::string text) {
  if (options_.path == "-")
    outcome_.out = std::move(text);
  else if (text != options_.existing)
    outcome_.writes.push_back({options_.path, std::move(text), mark_of(options_.existing.value_or(std::string()))});
}

run_outcome lock_run::stop(const error& e) {
  refuse(e);
  return std::move(outcome_);
}

run_outcome lock_run::finish(const digest_map& known) {
  if (!is_stopped()) {
    report_refusals();
    report_failures(known);
    judge_signatures(known);
  }
  if (is_stopped()) {
    if (!is_refused_) say_error(nothing_written(faults()));
    return std::move(outcome_);
  }
  const auto before = existing_ ? existing_->images : resolve::image_lock();
  files::lock_file after{format(), locked(plan_, known, before, options_.wait, refused_)};
  const std::size_t used = after.images.images().size();
  // A run in which every image failed knows nothing that would take the place of what is there.
  const bool has_failed_whole = used == 0 && outcome_.status != run_status::good;
  const bool may_prune = bad_files_ == 0 && !has_failed_whole;
  if (options_.prunes && !may_prune)
    say(bad_files_ != 0 ? "nothing is dropped: the images of an invalid file are not known"
                        : "nothing is dropped: every image of these files failed");
  if (!options_.prunes || !may_prune) after.images.add_missing(before);
  // A run in which everything failed has nothing to say in a new file.
  if (outcome_.status == run_status::good || !after.images.images().empty()) write(files::write_lock(after));
  report(before, after.images, used);
  return std::move(outcome_);
}

// The images that this run looked up and whose tag moved, and until when their digest stays.
void lock_run::report_waiting(const resolve::image_lock& after) {
  for (const auto& ref : plan_.missing)
    if (const auto* image = after.find(ref.canonical()); image != nullptr && image->seen)
      say(waiting_note(ref.canonical(), *image, options_.wait));
}

// `used`: the number of images of the files.
void lock_run::report(const resolve::image_lock& before, const resolve::image_lock& after, std::size_t used) {
  for (const auto& [rule, count] : plan_.left_by_rule)
    say(fmt::format("rule {} leaves {} out: it says pin: never", rule, counted_noun(count, "image")));
  if (plan_.without_tag != 0)
    say(fmt::format("{} pinned without a tag that is written anywhere: nothing to lock", plan_.without_tag));
  report_waiting(after);
  if (used == 0 && plan_.missing.empty() && plan_.fresh.empty()) say("no image to lock was found");
  const std::size_t kept = after.images().size() - used;
  const bool is_one = kept == 1;
  const std::string rest =
      kept == 0 ? ""
                : fmt::format("; {} of them {} not in these files and {}{}", kept, is_one ? "is" : "are",
                              is_one ? "stays" : "stay",
                              options_.prunes ? "" : fmt::format(" (--prune drops {})", is_one ? "it" : "them"));
  say(lock_summary(before, after) + rest + faults_of_rest(faults()));
}

}  // namespace pinhook::pipeline
