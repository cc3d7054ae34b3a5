#include <pinhook/access/command_digests.hpp>
#include <pinhook/access/command_verdicts.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/nearest_word.hpp>
#include <pinhook/base/short_run.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/reference_words.hpp>
#include <pinhook/cli/run_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/cli/verify_report.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/signatures/load_verifier.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

using signatures::verifier_setting;

int refuse_verify(std::string_view message) {
  for (const auto line : std::views::split(message, '\n')) say("verify", std::string_view(line));
  return exit_usage;
}

std::optional<std::string> given(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

// The verifier that the flags describe; no value: none do.
std::optional<verifier_setting> verifier_of_flags(const verify_arguments& a) {
  verifier_setting out;
  if (!a.trust_policy.empty() || !a.trust_store.empty()) {
    out.name = "notation";
    out.by = signatures::notation_setting{a.trust_policy, a.trust_store};
    return out;
  }
  const bool has_identity =
      !(a.identity.empty() && a.identity_regexp.empty() && a.issuer.empty() && a.issuer_regexp.empty());
  if (a.keys.empty() && !has_identity) return std::nullopt;
  out.name = "cosign";
  signatures::cosign_setting cosign;
  cosign.keys = a.keys;
  cosign.trusted_root = a.trusted_root;
  if (has_identity)
    cosign.identities.push_back({given(a.issuer), given(a.issuer_regexp), given(a.identity), given(a.identity_regexp)});
  out.by = std::move(cosign);
  return out;
}

result<std::vector<verifier_setting>> chosen_verifiers(const verify_arguments& a, const config::settings& s) {
  if (auto own = verifier_of_flags(a)) return std::vector{std::move(*own)};
  if (s.verifiers.empty())
    return fail(error_code::invalid_input,
                "there is no verifier: say who may sign with --key, with --trusted-root, --identity and --issuer, or "
                "with --trust-policy and --trust-store, or set verifiers in the configuration");
  if (a.verifier.empty()) return s.verifiers;
  const auto found = std::ranges::find(s.verifiers, a.verifier, &verifier_setting::name);
  if (found != s.verifiers.end()) return std::vector{*found};
  std::vector<std::string_view> known;
  for (const auto& one : s.verifiers) known.emplace_back(one.name);
  const auto near = nearest_word(a.verifier, known);
  return fail(error_code::invalid_input,
              fmt::format("--verifier: the configuration has no verifier {}{}", quoted(a.verifier, 80),
                          near.empty() ? std::string() : fmt::format("; did you mean {}?", near)));
}

struct flag_of_key {
  std::string_view key;
  std::string_view flag;
};
constexpr std::array<flag_of_key, 4> flags_of_keys{{{"cosign.keys", "--key"},
                                                    {"cosign.trusted_root", "--trusted-root"},
                                                    {"notation.trust_policy", "--trust-policy"},
                                                    {"notation.trust_store", "--trust-store"}}};

// Who gives flags has no configuration: "verifier cosign: cosign.keys[0]: cannot read FILE" is "--key: cannot read
// FILE".
error named_by_flags(error e) {
  const std::string_view whole = e.message;
  const auto at = whole.find(": ");
  const std::string_view fault = at == std::string_view::npos ? whole : whole.substr(at + 2);
  for (const auto& [key, flag] : flags_of_keys) {
    if (!fault.starts_with(key)) continue;
    std::string_view rest = fault.substr(key.size());
    if (rest.starts_with('[')) rest.remove_prefix(rest.find(']') + 1);
    e.message = fmt::format("{}{}", flag, rest);
    return e;
  }
  return e;
}

result<std::vector<signatures::verifier>> open_verifiers(const verify_arguments& a, const config::settings& s) {
  auto settings = chosen_verifiers(a, s);
  if (!settings) return fail(std::move(settings.error()));
  const struct {
    std::string_view flag;
    const std::string& pattern;
  } patterns[] = {{"--identity-regexp", a.identity_regexp}, {"--issuer-regexp", a.issuer_regexp}};
  for (const auto& one : patterns)
    if (const auto fault = signatures::fault_of_regexp(one.pattern))
      return fail(error_code::invalid_input, fmt::format("{}: {} is not a valid regular expression: {}", one.flag,
                                                         quoted(one.pattern, 120), *fault));
  const bool are_flags = verifier_of_flags(a).has_value();
  auto out = read_within<std::vector<signatures::verifier>>(
      "the files of verifiers", [all = std::move(*settings)] { return signatures::load_verifiers(all); });
  if (!out && are_flags) return fail(named_by_flags(std::move(out.error())));
  return out;
}

}  // namespace

int verify(const arguments& arguments) {
  prepare_short_run();
  const verify_arguments& a = arguments.verify;
  access::verdict_options options;
  const auto at = a.at.empty() ? std::optional(machine_clock().wall()) : parse_timestamp(a.at);
  if (!at) return refuse_verify(fmt::format("--at: {} is not a moment as 2026-11-21T02:45:00Z", quoted(a.at, 60)));
  options.now = *at;
  if (!a.attestation.empty()) options.attested.emplace(a.attestation, std::map<std::string, std::string>());
  const auto refs = read_references(arguments.files.references);
  if (!refs) return refuse_verify(refs.error().message);
  const environment all = process_environment();
  const auto s = config::settings_for_files(arguments.configuration.file, all);
  if (!s) return refuse_verify(s.error().message);
  const auto verifiers = open_verifiers(a, *s);
  if (!verifiers) return refuse_verify(verifiers.error().message);
  auto registries = access::registry_digests::open(*s, all, digest_choice_of("verify", arguments.files).on_progress);
  if (!registries) return refuse_verify(registries.error().message);
  const auto images = access::verify_images(**registries, *refs, *verifiers, options);
  const bool as_json = arguments.files.output == "json";
  if (const auto ok = print_text(as_json ? verify_json(images) : verify_table(images)); !ok) {
    say("verify", ok.error().message);
    return exit_failed;
  }
  return verify_exit_code(images);
}

}  // namespace pinhook::cli
