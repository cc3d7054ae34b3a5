#include <pinhook/cli/parse_arguments.hpp>

#include <pinhook/cli/command_line.hpp>
#include <pinhook/cli/unknown_word.hpp>
#include <pinhook/trust/tuf_update.hpp>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::cli {
namespace {

// The first flag of the command that its help does not show.
std::string hidden_flag(const CLI::App* sub) {
  if (sub == nullptr) return "the flag";
  for (const CLI::Option* one : sub->get_options())
    if (one->get_group().empty() && !one->get_lnames().empty()) return "--" + one->get_lnames().front();
  return "the flag";
}

// CLI11 throws for help as for errors. Its messages end in line breaks and full stops, which a one-line message drops;
// of a flag without its value it says "--key: 1 required FILE missing", and leaves out the name of a hidden flag.
std::string reason_of(const CLI::ParseError& e, const CLI::App* sub) {
  std::string text = e.what();
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  constexpr std::string_view begin = ": 1 required ";
  constexpr std::string_view end = " missing";
  const auto at = text.find(begin);
  if (at == std::string::npos || !text.ends_with(end)) return unknown_value(std::move(text));
  const auto value = text.substr(at + begin.size(), text.size() - at - begin.size() - end.size());
  return fmt::format("{0}: a value is missing; write {0} {1}", at == 0 ? hidden_flag(sub) : text.substr(0, at), value);
}

std::unexpected<error> refuse_arguments(std::string_view message, const CLI::App* sub) {
  return fail(error_code::invalid_input,
              fmt::format("{}{} `pinhook{}{} --help` shows the usage", message, message.ends_with('?') ? "" : ";",
                          sub == nullptr ? "" : " ", sub == nullptr ? "" : sub->get_name()));
}

// True when a positional word of the command can be repeated.
bool takes_many_words(const CLI::App& app, const std::vector<std::string>& words) {
  const auto name = std::ranges::find_if(words, [](const auto& word) { return !word.starts_with('-'); });
  if (name == words.end()) return false;
  const auto repeats = [](const CLI::Option* o) { return o->get_positional() && o->get_expected_max() > 1; };
  const auto named = [&](const CLI::App* sub) {
    return sub->get_name() == *name && !sub->get_options(repeats).empty();
  };
  return !app.get_subcommands(named).empty();
}

// CLI11 takes words from the back, and reads "[ab]" as a list where a word can be repeated. "./[ab]" is the same path
// and is read as it is.
std::vector<std::string> as_parsed(const CLI::App& app, const std::vector<std::string>& words) {
  std::vector<std::string> out(words.rbegin(), words.rend());
  if (!takes_many_words(app, words)) return out;
  for (auto& word : out)
    if (word.starts_with('[') && word.ends_with(']')) word.insert(0, "./");
  return out;
}

struct contradiction {
  bool (*holds)(const arguments&);
  const char* message;
};

bool rewrites(const arguments& a) { return a.command == command::pin || a.command == command::unpin; }

bool reads_standard_input(const arguments& a) {
  return a.files.paths.empty() || std::ranges::find(a.files.paths, "-") != a.files.paths.end();
}

bool is_for_notation(const verify_arguments& a) { return !a.trust_policy.empty() || !a.trust_store.empty(); }

bool names_signer(const verify_arguments& a) {
  return !(a.identity.empty() && a.identity_regexp.empty() && a.issuer.empty() && a.issuer_regexp.empty());
}

bool is_for_cosign(const verify_arguments& a) { return !a.keys.empty() || !a.trusted_root.empty() || names_signer(a); }

// True also without any of an identity; a root beside keys alone proves nothing by itself.
bool has_whole_identity(const verify_arguments& a) {
  if (!names_signer(a)) return a.trusted_root.empty();
  return !a.trusted_root.empty() && a.identity.empty() != a.identity_regexp.empty() &&
         a.issuer.empty() != a.issuer_regexp.empty();
}

// Options that are valid by themselves and not together.
constexpr auto contradictions = std::to_array<contradiction>({
    {[](const arguments& a) { return rewrites(a) && a.files.in_place && a.files.diff; },
     "--in-place writes and --diff only shows: use one of them"},
    {[](const arguments& a) { return rewrites(a) && a.files.in_place && a.files.paths.empty(); },
     "--in-place needs a PATH: standard input is written to standard output"},
    {[](const arguments& a) { return rewrites(a) && a.files.in_place && reads_standard_input(a); },
     "--in-place cannot write standard input (-): give the PATHs alone"},
    {[](const arguments& a) { return a.command == command::lock && a.files.update && a.files.offline; },
     "--update asks registries and --offline forbids it: use one of them"},
    {[](const arguments& a) { return a.files.cooldown && !a.files.update; },
     "--cooldown is for moved tags, which only --update takes: add --update"},
    {[](const arguments& a) { return a.of_cluster.writes_moves() && a.of_cluster.store.empty(); },
     "--moves-file and --moves-configmap are made of what earlier reports saw, which a store remembers: add --store "
     "FILE"},
    {[](const arguments& a) { return a.of_cluster.writes_moves() && a.of_cluster.no_registry; },
     "--moves-file and --moves-configmap say what tags have now and --no-registry asks nobody: use one of them"},
    {[](const arguments& a) { return a.of_cluster.cooldown && !a.of_cluster.writes_moves(); },
     "--cooldown says which moves are written: add --moves-file FILE or --moves-configmap NAMESPACE/NAME"},
    {[](const arguments& a) { return !a.files.store.empty() && !a.files.cooldown; },
     "--store says since when the digests of tags are known, which --cooldown goes by: add --update --cooldown 72h"},
    {[](const arguments& a) { return a.files.cooldown && a.files.offline; },
     "--cooldown asks registries and --offline forbids it: use one of them"},
    {[](const arguments& a) { return a.of_cluster.all_namespaces && !a.of_cluster.namespaces.empty(); },
     "--all-namespaces and --namespace exclude each other: use one of them"},
    {[](const arguments& a) { return a.adopt.restarts && !a.adopt.dry_run.empty(); },
     "--restart restarts workloads and --dry-run keeps nothing: use one of them"},
    {[](const arguments& a) { return a.adopt.timeout && !a.adopt.restarts; },
     "--timeout is for the wait after a restart: add --restart"},
    {[](const arguments& a) { return a.of_cluster.reads_pull_secrets && a.of_cluster.no_registry; },
     "--pull-secrets is for registries, and --no-registry asks none: use one of them"},
    {[](const arguments& a) {
       return (a.of_cluster.retention || a.of_cluster.most_ended) && a.of_cluster.store.empty();
     },
     "--retention and --retention-count are for what --store remembers: add --store"},
    {[](const arguments& a) { return a.of_cluster.retention && *a.of_cluster.retention < std::chrono::hours(1); },
     "--retention must be an hour at least: it is how long the store keeps what has ended"},
    {[](const arguments& a) { return a.console.tls_cert.empty() != a.console.tls_key.empty(); },
     "--tls-cert and --tls-key belong together: give both"},
    {[](const arguments& a) { return a.console.interval && a.of_cluster.no_registry; },
     "--interval is for registries, and --no-registry asks none: use one of them"},
    {[](const arguments& a) { return a.console.interval && *a.console.interval < std::chrono::minutes(1); },
     "--interval must be a minute at least: registries count each look-up as a pull"},
    {[](const arguments& a) { return a.of_cluster.writes_reports && !a.of_cluster.selector.empty(); },
     "--write-reports writes what holds of whole namespaces, and --selector leaves workloads out: use one of them"},
    {[](const arguments& a) { return !a.verify.verifier.empty() && a.verify.describes_verifier(); },
     "--verifier takes one of the configuration, and the other options describe another: use one of them"},
    {[](const arguments& a) { return is_for_notation(a.verify) && is_for_cosign(a.verify); },
     "--trust-policy and --trust-store are for Notation, and the others for cosign: use one of them"},
    {[](const arguments& a) {
       return is_for_notation(a.verify) && (a.verify.trust_policy.empty() || a.verify.trust_store.empty());
     },
     "Notation needs both --trust-policy and --trust-store"},
    {[](const arguments& a) { return !has_whole_identity(a.verify); },
     "certificates need --trusted-root, one of --identity and --identity-regexp, and one of --issuer and "
     "--issuer-regexp; a key needs --key"},
    {[](const arguments& a) {
       const trust_arguments& t = a.trust;
       return a.command == command::trust &&
              int{!t.out.empty()} + int{!t.configmap.empty()} + int{!t.secret.empty()} != 1;
     },
     "the files need one place: one of --out, --configmap and --secret"},
});

// Defaults are filled in here and not in the declarations: all commands are declared, and they share members.
void fill_defaults(arguments& a) {
  if (a.command == command::lock && a.files.lock_file.empty()) a.files.lock_file = "pinhook.lock";
  if (a.command == command::pin && a.files.cooldown && a.files.lock_file.empty()) a.files.lock_file = "pinhook.lock";
  if (a.command == command::trust && a.trust.targets.empty()) a.trust.targets.emplace_back(trust::trusted_root_target);
  if (!a.files.output.empty()) return;
  if (a.command == command::check || a.command == command::verify) a.files.output = "table";
  if (a.command == command::resolve) a.files.output = "text";
}

// The index of the word of an error that begins with the name of an option ("--output: xml not in {…}"); none when the
// error has no place.
std::size_t place_in_words(std::string_view message, const std::vector<std::string>& words,
                           const described_command* of) {
  const auto name = message.substr(0, message.find_first_of(": "));
  std::string short_name;
  if (of != nullptr)
    for (const auto& o : of->options)
      if (name == "--" + o.long_name && !o.short_name.empty()) short_name = "-" + o.short_name;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == name || words[i].starts_with(std::string(name) + "=") ||
        (!short_name.empty() && words[i].starts_with(short_name)))
      return i;
  return words.size();
}

// The first fault in the order of the words: CLI11 reports unknown words last.
std::unexpected<error> refuse_first(const CLI::ParseError& e, const CLI::App& app, const CLI::App* sub,
                                    const std::vector<std::string>& words) {
  const auto unknown = app.remaining(true);
  auto reason = reason_of(e, sub);
  if (unknown.empty()) return refuse_arguments(reason, sub);
  const auto commands = describe_command_line();
  const std::string name = sub == nullptr ? "" : sub->get_name();
  const auto of = std::ranges::find(commands, name, &described_command::name);
  const auto at = static_cast<std::size_t>(std::ranges::find(words, unknown.front()) - words.begin());
  if (place_in_words(reason, words, of == commands.end() ? nullptr : &*of) < at) return refuse_arguments(reason, sub);
  // A flag before the command is none of the program.
  const bool is_before =
      sub != nullptr && at < static_cast<std::size_t>(std::ranges::find(words, name) - words.begin());
  return refuse_arguments(unknown_word(commands, is_before ? "" : name, unknown.front()), sub);
}

result<arguments> checked_topic(arguments out) {
  const auto commands = describe_command_line();
  if (std::ranges::find(commands, out.topic, &described_command::name) == commands.end())
    return refuse_arguments(unknown_command(commands, out.topic), nullptr);
  return out;
}

}  // namespace

result<arguments> parse_arguments(const std::vector<std::string>& words) {
  arguments out;
  const auto app = declare_command_line(out, words);
  const auto chosen = [&app]() -> const CLI::App* {
    const auto parsed = app->get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  };
  try {
    app->parse(as_parsed(*app, words));
  } catch (const CLI::CallForHelp&) {
    const auto* sub = chosen();
    out.command = command::help;
    out.topic = sub == nullptr ? "" : sub->get_name();
    return out;
  } catch (const CLI::CallForVersion&) {
    out.command = command::version;
    return out;
  } catch (const CLI::ParseError& e) {
    return refuse_first(e, *app, chosen(), words);
  }
  const auto* sub = chosen();
  if (sub == nullptr) {
    if (words.empty())
      return fail(error_code::invalid_input,
                  "a command is required, for example serve, pin or check; `pinhook --help` shows more");
    return out;
  }
  out.command = command_named(sub->get_name());
  if (out.command == command::help) return checked_topic(std::move(out));
  for (const auto& one : contradictions)
    if (one.holds(out)) return refuse_arguments(one.message, sub);
  fill_defaults(out);
  return out;
}

}  // namespace pinhook::cli
