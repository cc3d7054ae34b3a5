#include <pinhook/pipeline/function_run.hpp>

#include <pinhook/pipeline/slot_label.hpp>
#include <pinhook/pipeline/slot_proofs.hpp>
#include <pinhook/pipeline/unread.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace pinhook::pipeline {

function_run::function_run(std::string_view text, const function_run_options& options,
                           const files::image_places& places)
    : text_(text) {
  if (auto good = read(options, places); !good) fault_ = std::move(good.error());
}

result<void> function_run::read(const function_run_options& options, const files::image_places& places) {
  auto list = resource_list::read(text_);
  if (!list) return fail(std::move(list.error()));
  list_ = std::move(*list);
  auto config = list_->config();
  if (!config) return fail(std::move(config.error()));
  config_ = std::move(*config);
  auto file = files::image_file::read(std::string(text_), "-", places);
  if (!file) return fail(std::move(file.error()));
  file_ = std::move(*file);
  choice_ = {.task = config_.update ? pin_task::update : pin_task::pin,
             .format = config_.format.value_or(options.format),
             .orders = options.orders};
  if (config_.format) choice_.orders.format = config_.format;
  return {};
}

std::vector<registry::reference> function_run::wanted() const {
  return fault_ ? std::vector<registry::reference>() : pipeline::wanted(*file_, choice_);
}

std::vector<rules::proof_request> function_run::questions(const digest_map& known) {
  rules::proof_requests out;
  if (!fault_) add_questions(*file_, choice_, known, out);
  return out.take();
}

void function_run::take(rules::image_proofs answers) {
  proofs_ = std::move(answers);
  choice_.proofs = &*proofs_;
}

// The input unchanged, with the error in its results where they can be written.
run_outcome function_run::stop(const error& e) {
  function_result failure;
  failure.severity = result_severity::error;
  failure.message = e.message;
  auto out = list_ ? with_results(text_, {failure}) : fail(e);
  return {.out = out ? std::move(*out) : std::string(),
          .writes = {},
          .messages = {{e.message, true}},
          .status = run_status::invalid};
}

run_outcome function_run::finish(const digest_map& known) {
  if (fault_) return stop(*fault_);
  if (auto good = pin(known); !good) return stop(good.error());
  return std::move(outcome_);
}

result<void> function_run::pin(const digest_map& known) {
  const auto pinned = pipeline::pinned(*file_, choice_, known);
  if (!pinned) return fail(pinned.error());
  const bool is_failed = pinned->has(slot_result::kind::failed);
  const bool is_refused = pinned->has(slot_result::kind::refused);
  const bool writes = (!is_failed && !is_refused) || config_.keeps_going;
  if (writes) report_notes(*pinned);
  for (const auto& r : pinned->results) {
    const files::slot& s = file_->slots()[r.slot];
    report(s, r, writes);
    for (const auto& one : r.warnings)
      warn(list_->about(s), fmt::format("{}: ", s.object), fmt::format("{}: {}", shown_name(s), one));
    if (writes && r.outcome == slot_result::kind::changed) report_doubt(s);
  }
  report_unread();
  auto out = with_results(writes ? pinned->text : text_, results_);
  if (!out) return fail(std::move(out.error()));
  outcome_.out = std::move(*out);
  outcome_.status = is_failed ? run_status::unresolved : is_refused ? run_status::failed : run_status::good;
  return {};
}

void function_run::report(const files::slot& s, const slot_result& r, bool writes) {
  using kind = slot_result::kind;
  auto about = list_->about(s);
  about.current_value = s.written;
  switch (r.outcome) {
    case kind::current:
      return;
    case kind::changed:
      if (!writes) return;
      about.message = fmt::format("{}: {} is pinned", shown_name(s), s.written);
      about.proposed_value = r.after;
      break;
    case kind::left:
      if (files::is_on_purpose(s.reason)) return;
      about.severity = r.rule.empty() ? result_severity::warning : result_severity::info;
      about.message = fmt::format("{}: {} is left as it is: {}", shown_name(s), quoted_name(s.written), r.message);
      break;
    case kind::failed:
      about.severity = result_severity::error;
      about.message = fmt::format("{}: {}", shown_name(s), r.message);
      break;
    case kind::refused:
      about.severity = result_severity::error;
      about.message = fmt::format("{}: {} is not pinned: {}", shown_name(s), quoted_name(s.written), r.message);
      break;
  }
  if (about.severity != result_severity::info)
    outcome_.messages.push_back(
        {fmt::format("{}: {}", s.object, about.message), about.severity == result_severity::error});
  results_.push_back(std::move(about));
}

// Reports notes about the list as a whole.
void function_run::report_notes(const pinned_file& file) {
  const auto unchecked = static_cast<std::size_t>(
      std::ranges::count_if(file.results, [](const slot_result& r) { return r.is_unchecked; }));
  if (unchecked != 0) warn({}, "", unchecked_note(unchecked));
  if (auto lost = file.lost_tags_note(); !lost.empty()) warn({}, "", std::move(lost));
  for (const auto& note : file.notes) warn({}, "", note);
}

// Warns, once for each item, that a digest may break it.
void function_run::report_doubt(const files::slot& s) {
  if (s.doubt.empty()) return;
  const auto item = s.pointer.substr(0, s.pointer.find('/', std::string_view("/items/").size()));
  if (doubts_.emplace(item, s.doubt).second)
    warn(list_->about(s), fmt::format("{}: ", s.object), fmt::format("{}: {}", shown_name(s), s.doubt));
}

// Notes for values that look like images and are not read; those of functionConfig are the function's own.
void function_run::report_unread() {
  for (const files::unread_image& one : file_->unread()) {
    files::slot place;
    place.pointer = one.pointer;
    auto about = list_->about(place);
    if (about.kind.empty()) continue;
    about.current_value = one.written;
    about.message = unread_text(one.written);
    results_.push_back(std::move(about));
  }
}

void function_run::warn(function_result about, std::string_view place, std::string message) {
  outcome_.messages.push_back({fmt::format("{}{}", place, message), false});
  about.severity = result_severity::warning;
  about.message = std::move(message);
  results_.push_back(std::move(about));
}

}  // namespace pinhook::pipeline
