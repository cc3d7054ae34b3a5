#include <pinhook/config/configuration_source.hpp>

#include <fmt/core.h>

#include <fstream>
#include <utility>

namespace pinhook::config {
namespace {

// The file with the namespace's name in every Pod with a service account.
constexpr const char* namespace_file = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

void take_from_surroundings(const environment& all, settings& s) {
  if (s.own_namespace.empty()) s.own_namespace = variable(all, "POD_NAMESPACE");
  if (s.own_namespace.empty()) std::ifstream(namespace_file) >> s.own_namespace;
}

struct origin {
  std::string file;
  std::vector<setting_flag> flags;
  environment all;
  settings start;
};

result<effective_settings> settings_of(const origin& from, std::string_view text) {
  effective_settings out{from.start, {}};
  if (!from.file.empty())
    if (auto good = read_configuration(text, from.file, out.values); !good) return fail(std::move(good.error()));
  auto warnings = apply_environment(from.all, out.values);
  if (!warnings) return fail(std::move(warnings.error()));
  out.warnings = std::move(*warnings);
  for (const auto& flag : from.flags)
    if (auto good = apply_text(flag.name, flag.key, flag.text, out.values); !good) return fail(std::move(good.error()));
  take_from_surroundings(from.all, out.values);
  if (auto good = check_together(out.values); !good) return fail(std::move(good.error()));
  return out;
}

}  // namespace

result<std::string> configuration_text(const file_contents& found) {
  if (!found.problem) return found.texts.front().reveal();
  constexpr std::string_view begin = "cannot read ";
  std::string why = found.problem->message;
  if (why.starts_with(begin))
    why.insert(begin.size(), "the configuration ");
  else
    why.insert(0, "the configuration ");
  return fail(error_code::invalid_input, std::move(why));
}

result<std::string> read_configuration_file(const std::string& file) {
  return configuration_text(read_files_in_time({{file, max_configuration_size}}));
}

result<configuration_source> open_configuration(const configuration_choice& choice, const environment& all,
                                                settings start) {
  configuration_source out;
  out.file = choice.file.empty() ? variable(all, "PINHOOK_CONFIG") : choice.file;
  if (!out.file.empty()) {
    auto text = read_configuration_file(out.file);
    if (!text) return fail(std::move(text.error()));
    out.text = *std::move(text);
  }
  out.settings = [from = origin{out.file, choice.flags, all, std::move(start)}](std::string_view text) {
    return settings_of(from, text);
  };
  return out;
}

result<effective_settings> settings_for(const configuration_choice& choice, const environment& all, settings start) {
  const auto from = open_configuration(choice, all, std::move(start));
  if (!from) return fail(from.error());
  return from->settings(from->text);
}

}  // namespace pinhook::config
