// The part of pin_run that writes the entries of kustomizations.
#include <pinhook/files/added_entries.hpp>
#include <pinhook/files/kustomization.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pipeline/pin_run.hpp>
#include <pinhook/pipeline/registry_refusal.hpp>
#include <pinhook/pipeline/slot_proofs.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::pipeline {

result<void> pin_run::take_entries_away(const one_file& file, const pin_choice& choice, pinned_file& of) const {
  using kind = slot_result::kind;
  const auto& path = file.in.path;
  if (options_.task != pin_task::unpin || !of.has(kind::changed) || !files::is_kustomization(of.text, path)) return {};
  auto text = files::without_added_entries(of.text);
  if (!text) return fail(std::move(text.error()));
  if (*text == of.text) return {};
  // Entries before them, which they replaced, decide again, so that their digests have to go, too.
  const auto content = files::image_file::read(*std::move(text), path, places_);
  if (!content) return fail(content.error());
  auto rest = pinned(*content, choice, {});
  if (!rest) return fail(std::move(rest.error()));
  of.text = std::move(rest->text);
  for (const slot_result& one : rest->results) {
    if (one.outcome != kind::changed) continue;
    const auto found = std::ranges::find(of.results, content->slots()[one.slot].pointer, [&](const slot_result& r) {
      return file.in.content->slots()[r.slot].pointer;
    });
    if (found != of.results.end()) found->outcome = kind::changed;
  }
  return {};
}

std::string pin_run::refusal_of(const kustomization_gap& gap) const {
  return registry_refusal(options_.orders.set, gap.effects, gap.ref, gap.renamed);
}

bool pin_run::may_fill(const one_file& file, const kustomization_gap& gap, const registry::digest& digest,
                       const digest_map& known) {
  const std::string place = fmt::format("{}: {}", file.in.path, gap.place);
  for (const auto& one : gap.renamed) {
    const auto other = renamed_result(one, digest, known);
    if (!other) continue;
    const bool is_left = other->outcome == slot_result::kind::left;
    ++(is_left ? n_.left : n_.failed);
    auto line = fmt::format("{}: {} gets no digest here: {}", place, quoted_name(gap.ref.written()), other->message);
    if (is_left) {
      say(std::move(line));
    } else {
      worsen(run_status::unresolved);
      say_error(std::move(line));
    }
    return false;
  }
  bool is_unchecked = false;
  for (const auto& e : gap.effects) {
    const auto found = judge_proofs_of(options_.orders.set, e, gap.ref, digest, proofs_ ? &*proofs_ : nullptr);
    is_unchecked = is_unchecked || found.is_unchecked;
    for (const auto& one : found.warnings) say(fmt::format("{}: {}", place, one));
    if (found.refusal.empty() && !found.failure) continue;
    const bool is_refused = !found.refusal.empty();
    memory_.images.restore(gap.ref.canonical(), remembered_);
    ++(is_refused ? n_.refused : n_.failed);
    worsen(is_refused ? run_status::failed : run_status::unresolved);
    say_error(fmt::format("{}: {}", place, is_refused ? found.refusal : found.failure->message));
    return false;
  }
  if (is_unchecked) ++n_.unchecked;
  return true;
}

result<std::string> pin_run::with_gaps(const one_file& file, std::string text, const digest_map& known) {
  if (!file.gaps) return text;
  const auto choice = choice_for(file);
  std::vector<files::new_entry> entries;
  for (const auto& gap : file.gaps->missing) {
    if (const auto why = refusal_of(gap); !why.empty()) {
      ++n_.refused;
      worsen(run_status::failed);
      say_error(
          fmt::format("{}: {}: {} is not pinned: {}", file.in.path, gap.place, quoted_name(gap.ref.written()), why));
      continue;
    }
    const auto found = known.find(gap.ref.canonical());
    if (found != known.end() && found->second) {
      if (!may_fill(file, gap, *found->second, known)) continue;
      const auto format =
          files::format_for_all(choice.entries, {gap.ref.written(), gap.ref.written_name(), gap.ref.effective_tag()},
                                gap.format.value_or(options_.format));
      entries.push_back({gap.ref, *found->second, format, gap.entry});
      continue;
    }
    ++n_.failed;
    worsen(run_status::unresolved);
    say_error(fmt::format("{}: {}: {}", file.in.path, gap.place,
                          found == known.end() ? "it was never looked up" : found->second.error().message));
  }
  if (entries.empty()) return text;
  n_.changed_images += entries.size();
  return files::with_entries(text, entries, options_.format);
}

bool pin_run::is_filled(const one_file& file, const files::slot& s) {
  return file.gaps && s.form == files::slot_form::kustomization &&
         std::ranges::any_of(file.gaps->missing, [&](const kustomization_gap& gap) {
           return gap.entry && s.pointer == fmt::format("/images/{}", *gap.entry);
         });
}

}  // namespace pinhook::pipeline
