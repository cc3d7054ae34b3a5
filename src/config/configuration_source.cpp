#include <pinhook/config/configuration_source.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::config {
namespace {

constexpr std::size_t max_namespace_file = 256;

// Empty where there is none. Errors: timed_out, since without the name pinhook's own namespace would not be left alone.
result<std::string> pod_namespace(const std::string& file, const environment& all) {
  const auto given = variable(all, "POD_NAMESPACE");
  if (!given.empty() || file.empty()) return std::string(given);
  const auto text = read_within<secret>(file, [file] { return read_file(file, max_namespace_file); });
  if (!text && text.error().code == error_code::timed_out) return fail(text.error());
  return text ? std::string(trimmed(text->reveal())) : std::string();
}

struct origin {
  std::string file;
  std::vector<setting_flag> flags;
  environment all;
  std::string pod_namespace;
  settings start;
};

result<effective_settings> settings_of(const origin& from, std::string_view text) {
  effective_settings out{from.start};
  if (!from.file.empty())
    if (auto good = read_configuration(text, from.file, out.values); !good) return fail(std::move(good.error()));
  if (auto good = apply_environment(from.all, out.values); !good) return fail(std::move(good.error()));
  for (const auto& flag : from.flags)
    if (auto good = apply_text(flag.name, flag.key, flag.text, out.values); !good) return fail(std::move(good.error()));
  if (out.values.own_namespace.empty()) out.values.own_namespace = from.pod_namespace;
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
  auto in_pod = pod_namespace(choice.namespace_file, all);
  if (!in_pod) return fail(std::move(in_pod.error()));
  out.settings = [from = origin{out.file, choice.flags, all, *std::move(in_pod), std::move(start)}](
                     std::string_view text) { return settings_of(from, text); };
  return out;
}

result<effective_settings> settings_for(const configuration_choice& choice, const environment& all, settings start) {
  const auto from = open_configuration(choice, all, std::move(start));
  if (!from) return fail(from.error());
  return from->settings(from->text);
}

}  // namespace pinhook::config
