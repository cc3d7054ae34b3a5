#include <pinhook/base/environment.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/configuration_source.hpp>
#include <pinhook/pipeline/rule_cases.hpp>

#include <fmt/core.h>

#include <cstdio>

namespace pinhook::cli {
namespace {

int refuse_rules(std::string_view message, int code) {
  say("rules", message);
  return code;
}

int refuse_rules(const std::string& file, const rules::rule_problem& p) {
  return refuse_rules(fmt::format("{}: line {}, column {}: {}", file, p.line, p.column, p.message), exit_usage);
}

}  // namespace

int rules_test(const arguments& arguments) {
  const auto found = config::settings_for(arguments.configuration, process_environment());
  if (!found) return refuse_rules(found.error().message, exit_code(found.error().code));
  const rules::rule_set& rules = found->values.rules;
  if (rules.is_empty())
    return refuse_rules("there are no rules to test; name their file with --config FILE, or set `rules` in it",
                        exit_usage);
  const auto text = read_file(arguments.rules_file, config::max_configuration_size);
  if (!text) return refuse_rules(text.error().message, exit_usage);
  const auto root = yaml::parse(text->reveal());
  if (!root) return refuse_rules(fmt::format("{}: {}", arguments.rules_file, root.error().message), exit_usage);
  const auto cases = pipeline::read_rule_cases(*root);
  if (!cases) return refuse_rules(arguments.rules_file, cases.error());
  if (const auto problem = pipeline::find_unknown_rule(rules, *cases))
    return refuse_rules(arguments.rules_file, *problem);
  const auto report = pipeline::try_rules(rules, *cases, arguments.rules_file);
  if (auto printed = print_text(report.out); !printed) return refuse_rules(printed.error().message, exit_failed);
  return report.failed == 0 ? exit_good : exit_failed;
}

}  // namespace pinhook::cli
