#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/short_run.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/reference_words.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/pin/write_pin.hpp>
#include <pinhook/registry/platform.hpp>
#include <pinhook/registry/reference.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

int refuse_resolve(std::string_view message) {
  for (const auto line : std::views::split(message, '\n')) say("resolve", std::string_view(line));
  return exit_usage;
}

struct answer {
  registry::reference ref;
  result<registry::digest> digest;
  pin::pin_format format;
  std::string platform;

  [[nodiscard]] std::string pinned() const {
    // A reference by digest alone has no tag to write.
    const auto written_as = ref.effective_tag().empty() ? pin::pin_format::digest : format;
    return pin::write_pin(ref.written_name(), ref.effective_tag(), *digest, written_as);
  }
};

void append_member(std::string& out, std::string_view key, const std::optional<std::string>& text) {
  out += out.ends_with('{') ? "" : ",";
  json::append_string(out, key);
  out += ':';
  if (text)
    json::append_string(out, *text);
  else
    out += "null";
}

std::string to_json(const std::vector<answer>& all) {
  std::string out = "[";
  for (const auto& one : all) {
    const bool is_known = one.digest.has_value();
    const auto when = [](bool is_there, std::string text) {
      return is_there ? std::optional(std::move(text)) : std::nullopt;
    };
    out += out.size() == 1 ? "\n  {" : ",\n  {";
    append_member(out, "reference", one.ref.written());
    append_member(out, "canonical", one.ref.canonical());
    append_member(out, "digest", when(is_known, is_known ? one.digest->to_string() : ""));
    append_member(out, "pinned", when(is_known, is_known ? one.pinned() : ""));
    append_member(out, "platform", when(!one.platform.empty(), one.platform));
    append_member(out, "error", when(!is_known, is_known ? "" : one.digest.error().message));
    out += '}';
  }
  return out + (all.empty() ? "]\n" : "\n]\n");
}

int print_answers(const std::vector<answer>& all, bool as_json) {
  int code = exit_good;
  if (as_json) fmt::print("{}", to_json(all));
  for (const auto& one : all) {
    if (!one.digest) {
      code = exit_lookup;
      say("resolve", one.digest.error().message);
    } else if (!as_json) {
      fmt::print("{}\n", one.pinned());
    }
  }
  return code;
}

}  // namespace

int resolve(const arguments& arguments) {
  prepare_short_run();
  std::optional<registry::platform> platform;
  if (!arguments.files.platform.empty()) {
    auto parsed = registry::platform::parse(arguments.files.platform);
    if (!parsed) return refuse_resolve("--platform: " + parsed.error().message);
    platform = std::move(*parsed);
  }
  const auto refs = read_references(arguments.files.references);
  if (!refs) return refuse_resolve(refs.error().message);
  const environment all = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, all);
  if (!s) return refuse_resolve(s.error().message);
  auto digests = access::registry_digests::open(*s, all, digest_choice_of("resolve", arguments.files).on_progress);
  if (!digests) return refuse_resolve(digests.error().message);

  const auto found = platform ? (*digests)->find_platform(*refs, *platform) : (*digests)->find(*refs);
  std::vector<answer> lines;
  for (std::size_t i = 0; i < found.size(); ++i)
    lines.push_back({(*refs)[i], found[i], s->pin.format, platform ? platform->to_string() : std::string()});
  return print_answers(lines, arguments.files.output == "json");
}

}  // namespace pinhook::cli
