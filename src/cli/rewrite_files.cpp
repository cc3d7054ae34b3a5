#include <pinhook/cli/rewrite_files.hpp>

#include <pinhook/base/replace_file.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomizations_around.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <optional>
#include <utility>

namespace pinhook::cli {
namespace {

// Writes file by file, so that the error names the file and the number that was written before.
result<void> write_all(const std::vector<file_run_result::file_write>& writes) {
  for (std::size_t i = 0; i < writes.size(); ++i) {
    auto ok = replace_file(writes[i].path, writes[i].text);
    if (ok) continue;
    return fail(ok.error().code, fmt::format("{}; {} of {} files are written", ok.error().message, i, writes.size()));
  }
  return {};
}

std::optional<pin::pin_format> chosen_format(const file_arguments& arguments) {
  if (arguments.format.empty()) return std::nullopt;
  return arguments.format == "digest" ? pin::pin_format::digest : pin::pin_format::tag_and_digest;
}

int failed(std::string_view command, const error& e) {
  say(command, e.message);
  return exit_failed;
}

}  // namespace

int refuse_run(std::string_view command, const error& e) {
  say(command, e.message);
  return exit_usage;
}

run_target target_of(const file_arguments& arguments) {
  if (arguments.in_place) return run_target::in_place;
  return arguments.diff ? run_target::diff : run_target::standard_output;
}

pin::pin_format format_of(const file_arguments& arguments, const config::settings& s) {
  return chosen_format(arguments).value_or(s.pin.format);
}

files::file_rules file_rules_of(const config::settings& s) {
  return {.kinds = pin::pod_paths(s.pin.kinds), .paths = s.files.paths};
}

pipeline::site_rules orders_of(const file_arguments& arguments, const config::settings& s) {
  return {.set = s.rules, .ns = arguments.ns, .format = chosen_format(arguments)};
}

access::digest_choice choice_of(const file_arguments& arguments) {
  return {.lock_file = arguments.lock_file, .offline = arguments.offline};
}

pipeline::digest_map look_up(access::digest_source& source, const std::vector<registry::reference>& refs) {
  auto answers = source.find(refs);
  pipeline::digest_map out;
  for (std::size_t i = 0; i < refs.size(); ++i) out.emplace(refs[i].canonical(), std::move(answers[i]));
  return out;
}

int rewrite_files(const file_run_options& options, const file_arguments& arguments, const config::settings& s,
                  const digest_opener& open) {
  const auto rules = file_rules_of(s);
  auto inputs = pipeline::read_inputs(arguments.paths, rules);
  if (!inputs) return refuse_run(options.command, inputs.error());
  auto with_around = options;
  if (options.task != pipeline::pin_task::unpin)
    with_around.around = pipeline::kustomizations_around(pipeline::paths_of(*inputs));
  file_run run(std::move(with_around), std::move(*inputs), rules);
  pipeline::digest_map known;
  if (const auto refs = run.wanted(); !refs.empty()) {
    auto source = open();
    if (!source) return refuse_run(options.command, source.error());
    known = look_up(**source, refs);
  }
  const auto done = run.finish(known);
  if (auto ok = write_all(done.writes); !ok) return failed(options.command, ok.error());
  if (auto ok = print_text(done.out); !ok) return failed(options.command, ok.error());
  fmt::print(stderr, "{}", done.messages);
  return done.exit_code;
}

}  // namespace pinhook::cli
