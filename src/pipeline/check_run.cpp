#include <pinhook/pipeline/check_run.hpp>

#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/slot_label.hpp>
#include <pinhook/pipeline/unread.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

namespace pinhook::pipeline {
namespace {

// Limit in bytes of the files that are rewritten to give the exact lines of a fix (SARIF); beyond it a fix is only
// described. Each fix rewrites its whole file, which is read again as a check: together a few seconds at most.
constexpr std::size_t max_rewritten = std::size_t{32} * 1024 * 1024;

// Arguments without an image that are named: a hook gives every YAML file of a commit.
constexpr std::size_t max_named_arguments = 3;

// A template that is not rendered and was found, not named.
bool is_skipped_template(const input& one) {
  return !one.content && one.content.error().code == error_code::unsupported && !one.is_named;
}

run_status status_of(const check_totals& totals, std::size_t failures, bool has_failed) {
  if (totals.faults > 0) return run_status::invalid;
  if (failures > 0) return run_status::unresolved;
  return has_failed ? run_status::failed : run_status::good;
}

}  // namespace

check_run::check_run(check_run_options options, const rules::rule_set& of_operator, std::string_view file)
    : options_(std::move(options)),
      checks_(checks_with(of_operator, file)),
      looks_up_(options_.has_drift || !options_.lock_file.empty()),
      asks_verifiers_(options_.has_drift && options_.lock_file.empty()),
      has_content_(std::max<std::size_t>(options_.arguments.size(), 1)) {}

check_run::begun_input check_run::begin(input one) const {
  begun_input out{std::move(one), std::nullopt};
  if (looks_up_ || !out.in.content) return out;
  const files::image_file& file = *out.in.content;
  const auto q = question(out.in.path, nullptr);
  auto& checked = out.checked.emplace(check_file(out.in.path, file.text(), file.slots(), q));
  add_unread(file, out.in.is_named, q.lists_images, checked);
  // All of it goes here, where its memory came from.
  out.in.content = fail(error_code::internal, "");
  return out;
}

void check_run::note_content(const input& one, bool has_images) {
  if (has_images)
    for (const std::size_t i : one.arguments) has_content_.at(i) = true;
}

void check_run::take_begun(begun_input begun) {
  static const digest_map none;
  input& one = begun.in;
  if (begun.checked) {
    note_content(one, begun.checked->image_count > 0);
    files_.push_back(*std::move(begun.checked));
    return;
  }
  note_content(one, one.content ? !one.content->slots().empty() : one.is_excluded || !is_skipped_template(one));
  if (one.is_excluded) {
    ++excluded_;
  } else if (!one.content) {
    take_fault(std::move(one));
  } else if (must_wait(one, &none)) {
    for (const files::slot& s : one.content->slots())
      if (!s.is_guess && s.tag) certain_.insert(s.tag->canonical());
    waiting_.push_back({files_.size(), std::move(*one.content), one.is_named});
    files_.emplace_back().path = std::move(one.path);
  } else {
    files_.push_back(check(one.path, *one.content, one.is_named, none));
  }
}

bool check_run::must_wait(const input& one, const digest_map* known) {
  const auto q = question(one.path, known);
  const bool has_wanted = add_wanted(one.content->slots(), q, wanted_);
  rules::proof_requests pinned;
  return add_questions(one.content->slots(), q, pinned) || has_wanted;
}

std::vector<rules::proof_request> check_run::questions(const digest_map& known) {
  rules::proof_requests out;
  for (const waiting_file& one : waiting_)
    add_questions(one.file.slots(), question(files_[one.place].path, &known), out);
  return out.take();
}

void check_run::take_fault(input one) {
  if (is_of_foreign_language(one)) {
    files_.push_back(foreign_file(std::move(one.path), options_.output == report_format::junit));
    return;
  }
  if (is_skipped_template(one)) {
    if (templates_++ == 0) first_template_ = std::move(one.path);
    return;
  }
  auto& bad = files_.emplace_back();
  bad.path = std::move(one.path);
  bad.fault = std::move(one.content.error().message);
  say_error(fmt::format("{}: {}", shown_path(bad.path), bad.fault));
}

std::vector<registry::reference> check_run::wanted() const {
  std::vector<registry::reference> out;
  for (const auto& [canonical, ref] : wanted_) out.push_back(ref);
  return out;
}

check_question check_run::question(const std::string& path, const digest_map* known) const {
  check_question out;
  out.checks = &checks_;
  out.ns = options_.ns;
  out.has_drift = options_.has_drift;
  out.lock_file = options_.lock_file;
  out.lists_images = options_.output == report_format::junit;
  out.known = known;
  out.asks_verifiers = asks_verifiers_;
  out.proofs = proofs_ ? &*proofs_ : nullptr;
  if (!options_.renames.empty() && path != "-")
    if (const auto at = options_.renames.find(canonical_path(path)); at != options_.renames.end())
      out.renamed = &at->second;
  return out;
}

checked_file check_run::check(const std::string& path, const files::image_file& file, bool is_named,
                              const digest_map& known) {
  auto q = question(path, &known);
  q.suggest_pin = [this, &file](std::size_t slot, const registry::digest& d) { return suggestion(file, slot, d); };
  auto out = check_file(path, file.text(), file.slots(), q);
  add_unread(file, is_named, q.lists_images, out);
  return out;
}

pin_text check_run::suggestion(const files::image_file& file, std::size_t slot, const registry::digest& digest) {
  const files::change change{slot, digest, options_.orders.order_of(file.slots()[slot]).format};
  pin_text out{file.suggestion(change, options_.format), std::nullopt};
  if (options_.output != report_format::sarif || file.text().size() > max_rewritten - rewritten_) return out;
  rewritten_ += file.text().size();
  const std::vector<files::change> changes{change};
  // A slot that shares its bytes with another one must not be changed alone.
  if (const auto after = file.rewrite(changes, options_.format)) out.change = changed_lines(file.text(), *after);
  return out;
}

std::size_t check_run::report_failures(const digest_map& known) {
  std::size_t failures = 0;
  std::set<std::string, std::less<>> other_names;
  for (const auto& [path, images] : options_.renames)
    for (const auto& [index, one] : images)
      if (one.is_guess && one.ref) other_names.insert(one.ref->canonical());
  for (const auto& [canonical, ref] : wanted_) {
    const auto found = known.find(canonical);
    if (found == known.end() || found->second) continue;
    const error& answer = found->second.error();
    if (!certain_.contains(canonical) && is_unknown_image(answer)) {
      say(fmt::format("{}; {}", answer.message, guess_note));
      continue;
    }
    if (!certain_.contains(canonical) && other_names.contains(canonical)) {
      say(answer.message);
      continue;
    }
    say_error(answer.message);
    ++failures;
  }
  return failures;
}

// A report without findings must not hide that a path is wrong, or of a kind that is not read.
empty_arguments check_run::find_empty_arguments() const {
  // An argument that is repeated has its inputs the first time only.
  std::map<std::string, bool> has_content;
  for (std::size_t i = 0; i < has_content_.size(); ++i) {
    auto& at = has_content[options_.arguments.empty() ? "-" : options_.arguments[i]];
    at = at || has_content_[i];
  }
  std::erase_if(has_content, [](const auto& one) { return one.second; });
  if (has_content.empty()) return {};
  empty_arguments out{.is_error = options_.is_strict};
  std::string names;
  for (const auto& [path, unused] : has_content) {
    out.paths.push_back(path);
    if (out.paths.size() > max_named_arguments) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", path == "-" ? "standard input" : shown_path(path));
  }
  if (out.paths.size() > max_named_arguments)
    names += fmt::format(" and {} more", out.paths.size() - max_named_arguments);
  out.message = fmt::format("no image found in {}{}", names, out.is_error ? "; --strict fails without one" : "");
  return out;
}

run_outcome check_run::stop(const error& e) {
  say_error(e.message);
  outcome_.status = run_status::invalid;
  return std::move(outcome_);
}

run_outcome check_run::finish(const digest_map& known) {
  std::size_t failures = report_failures(known);
  for (auto& one : waiting_) {
    files_[one.place] = check(files_[one.place].path, one.file, one.is_named, known);
    for (const std::string& unverified : files_[one.place].unverified) say_error(unverified);
    failures += files_[one.place].unverified.size();
  }
  const auto totals = totals_of(files_);
  auto options = options_.report;
  options.empty = find_empty_arguments();
  const empty_arguments& empty = options.empty;
  options.is_complete = totals.faults == 0 && failures == 0 && (empty.paths.empty() || !options_.is_strict);
  // What fails the check is shown.
  options.is_verbose = options.is_verbose || options_.is_strict;
  outcome_.out = write_report(options_.output, files_, checks_.table, options);
  if (templates_ > 0)
    say(fmt::format("skipped {} not rendered ({}{}): helm template … | pinhook check -",
                    templates_ == 1 ? "a Helm template that is" : fmt::format("{} Helm templates that are", templates_),
                    first_template_, templates_ == 1 ? "" : ", …"));
  if (auto note = excluded_note(excluded_); !note.empty()) say(std::move(note));
  if (!empty.paths.empty()) outcome_.messages.push_back({empty.message, options_.is_strict});
  say(summary(totals));
  const bool has_failed =
      totals.findings > 0 || (options_.is_strict && totals.notes + totals.unread + empty.paths.size() > 0);
  outcome_.status = status_of(totals, failures, has_failed);
  return std::move(outcome_);
}

}  // namespace pinhook::pipeline
