#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/pin/write_pin.hpp>
#include <pinhook/registry/platform.hpp>
#include <pinhook/registry/reference.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <iostream>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

// Limit in bytes of the references on standard input.
constexpr std::size_t max_listed = std::size_t{16} * 1024 * 1024;

int refuse_resolve(std::string_view message) {
  for (const auto line : std::views::split(message, '\n')) say("resolve", std::string_view(line));
  return exit_usage;
}

// One reference a line; blank lines are skipped.
result<std::vector<std::string>> read_list(std::istream& in) {
  std::vector<std::string> out;
  std::size_t size = 0;
  for (std::string line; std::getline(in, line);) {
    size += line.size() + 1;
    if (size > max_listed)
      return fail(error_code::invalid_input, fmt::format("standard input has more than {} bytes", max_listed));
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos) out.push_back(line.substr(first, line.find_last_not_of(" \t\r") + 1 - first));
  }
  return out;
}

// The words, with "-" replaced by the lines of standard input.
result<std::vector<std::string>> read_words(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  for (const auto& word : arguments) {
    if (word != "-") {
      out.push_back(word);
      continue;
    }
    auto more = read_list(std::cin);
    if (!more) return more;
    out.insert(out.end(), more->begin(), more->end());
  }
  return out;
}

// invalid_input: its message names every invalid word, a line each.
result<std::vector<registry::reference>> read_references(const std::vector<std::string>& arguments) {
  const auto words = read_words(arguments);
  if (!words) return fail(words.error());
  std::vector<registry::reference> out;
  std::string bad;
  for (const auto& word : *words) {
    auto ref = registry::reference::parse(word);
    if (ref)
      out.push_back(std::move(*ref));
    else
      bad += fmt::format("{}{} is not a valid image reference: {}", bad.empty() ? "" : "\n", quoted(word),
                         ref.error().message);
  }
  if (!bad.empty()) return fail(error_code::invalid_input, std::move(bad));
  return out;
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
