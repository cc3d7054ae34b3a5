#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/replace_file.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/rewrite_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_gaps.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>
#include <pinhook/pipeline/kustomizations_around.hpp>
#include <pinhook/pipeline/locking.hpp>
#include <pinhook/pipeline/site_label.hpp>

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

constexpr std::string_view own_name = "lock";

void say(std::string_view line) { cli::say(own_name, line); }

int failed(const error& e) {
  say(e.message);
  return exit_failed;
}

// The existing lock: its text and content; both empty when there is no file yet.
struct existing_lock {
  std::string text;
  std::optional<files::lock_file> content;
};

result<existing_lock> read_existing(const std::string& path) {
  if (path == "-") return existing_lock{};
  auto text = read_file(path, files::max_lock_size);
  if (!text) {
    if (text.error().code == error_code::not_found) return existing_lock{};
    return fail(std::move(text.error()));
  }
  auto content = files::read_lock(text->reveal());
  if (!content) return fail(std::move(content.error()).at(path));
  return existing_lock{std::string(text->reveal()), std::move(*content)};
}

files::lock_format format_of(const file_arguments& arguments, const existing_lock& existing) {
  if (arguments.lock_format == "kbld") return files::lock_format::kbld;
  if (arguments.lock_format == "pinhook" || !existing.content) return files::lock_format::pinhook;
  return existing.content->format;
}

std::string now_text() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(machine_clock().wall())));
}

// Reports problems of the inputs; false when a file is invalid.
bool report_inputs(const std::vector<pipeline::input>& inputs) {
  bool is_good = true;
  for (const auto& in : inputs) {
    if (in.content) {
      for (const auto& s : in.content->sites())
        if (s.why != files::untouched::no && !files::is_on_purpose(s.why))
          say(fmt::format("{}: {} is not locked: {}", pipeline::site_label(in.path, s), quoted_name(s.written),
                          s.problem));
      continue;
    }
    const auto& e = in.content.error();
    const bool is_skipped = e.code == error_code::unsupported && !in.is_named;
    say(fmt::format("{}: {}{}", pipeline::shown_path(in.path), is_skipped ? "skipped: " : "", e.message));
    is_good = is_good && is_skipped;
  }
  return is_good;
}

// The images for which pin would add entries to kustomizations.
result<std::vector<pipeline::kustomization_gap>> find_gaps(const std::vector<pipeline::input>& inputs,
                                                           const files::file_rules& rules,
                                                           const pipeline::site_rules& orders) {
  std::vector<const pipeline::input*> all;
  for (const auto& in : inputs) all.push_back(&in);
  auto found = pipeline::gaps_of_named(all, rules, orders);
  std::vector<pipeline::kustomization_gap> out;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!found[i]) continue;
    if (!*found[i]) return fail(std::move(found[i]->error()).at(inputs[i].path));
    for (const auto& note : (*found[i])->notes) say(fmt::format("{}: {}", inputs[i].path, note));
    std::ranges::move((*found[i])->missing, std::back_inserter(out));
  }
  return out;
}

std::vector<pipeline::renamed_images> find_renames(const std::vector<pipeline::input>& inputs,
                                                   const files::file_rules& rules) {
  std::vector<const pipeline::input*> all;
  for (const auto& in : inputs) all.push_back(&in);
  return pipeline::renames_in(all, pipeline::kustomizations_around(pipeline::paths_of(inputs)), rules);
}

// Reports each failure with the place of the image; false when there was one.
bool report_failures(const pipeline::lock_plan& plan, const pipeline::digest_map& known) {
  bool is_good = true;
  for (const auto& ref : plan.missing) {
    const auto found = known.find(ref.canonical());
    if (found == known.end() || found->second) continue;
    is_good = false;
    say(fmt::format("{}: {}", plan.places.at(ref.canonical()), found->second.error().message));
  }
  return is_good;
}

result<void> write(const std::string& path, const existing_lock& existing, const std::string& text) {
  if (path == "-") return print_text(text);
  if (existing.content && existing.text == text) return {};
  return replace_file(path, text);
}

}  // namespace

int lock(const arguments& arguments) {
  const auto& options = arguments.files;
  const auto s = config::settings_for_files(arguments.configuration.file, process_environment());
  if (!s) return refuse_run(own_name, s.error());
  const auto existing = read_existing(options.lock_file);
  if (!existing) return refuse_run(own_name, existing.error());
  const auto rules = file_rules_of(*s);
  const auto inputs = pipeline::read_inputs(options.paths, rules);
  if (!inputs) return refuse_run(own_name, inputs.error());
  if (!report_inputs(*inputs)) {
    say("nothing is written: a file is invalid");
    return exit_usage;
  }
  const auto orders = orders_of(options, *s);
  auto gaps = find_gaps(*inputs, rules, orders);
  if (!gaps) return refuse_run(own_name, gaps.error());
  const auto before = existing->content ? existing->content->images : resolve::image_lock();
  const auto plan =
      pipeline::plan_lock({*inputs, std::move(*gaps), orders, find_renames(*inputs, rules)}, before, options.update);
  if (!plan) return refuse_run(own_name, plan.error());
  pipeline::digest_map known;
  if (!plan->missing.empty()) {
    auto source = access::open_digests({.lock_file = {}, .offline = options.offline}, *s, process_environment());
    if (!source) return refuse_run(own_name, source.error());
    known = look_up(**source, plan->missing);
  }
  if (!report_failures(*plan, known)) {
    say("nothing is written: not every image could be resolved");
    return exit_lookup;
  }
  const files::lock_file after{format_of(options, *existing), pipeline::locked(*plan, known, before, now_text())};
  if (auto ok = write(options.lock_file, *existing, files::write_lock(after)); !ok) return failed(ok.error());
  for (const auto& [rule, count] : plan->left_by_rule)
    say(fmt::format("rule {} leaves {} out: it says pin: never", rule,
                    count == 1 ? "1 image" : fmt::format("{} images", count)));
  if (plan->without_tag != 0)
    say(fmt::format("{} pinned without a tag that is written anywhere: nothing to lock", plan->without_tag));
  say(pipeline::lock_summary(before, after.images));
  return exit_good;
}

}  // namespace pinhook::cli
