#include <pinhook/cli/run_files.hpp>

#include <pinhook/base/blocked_signals.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/replace_file.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/store/history.hpp>

#include <fmt/core.h>
#include <sys/types.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace pinhook::cli {
namespace {

// Files as they are written; a signal that ends the command ends it before or behind them.
result<void> write_all(const std::vector<pipeline::file_write>& writes) {
  const blocked_signals until_written;
  replace_calls calls = machine_replace_calls();
  calls.open = [open = calls.open](const char* path, int flags, mode_t mode) {
    if (!blocked_signals::has_end_come()) return open(path, flags, mode);
    errno = EINTR;
    return -1;
  };
  std::vector<file_text> all;
  all.reserve(writes.size());
  for (const auto& one : writes) all.push_back({one.path, one.text, one.before});
  return replace_files(all, calls);
}

// The error is the last one; those before it have been printed.
result<void> write_each(const run_options& options, const std::vector<pipeline::file_write>& writes) {
  std::optional<error> last;
  std::size_t failures = 0;
  for (const auto& one : writes) {
    auto ok = write_all({one});
    if (ok) continue;
    if (last) say(options.command, last->message);
    last = std::move(ok.error());
    ++failures;
  }
  if (!last) return {};
  last->message += fmt::format("; {} of {} files are written", writes.size() - failures, writes.size());
  return fail(std::move(*last));
}

std::optional<pin::pin_format> chosen_pin_format(const file_arguments& arguments) {
  if (arguments.format.empty()) return std::nullopt;
  return arguments.format == "digest" ? pin::pin_format::digest : pin::pin_format::tag_and_digest;
}

int exit_code_of(pipeline::run_status status) {
  using enum pipeline::run_status;
  return status == good ? exit_good : status == failed ? exit_failed : status == unresolved ? exit_lookup : exit_usage;
}

int deliver(const run_options& options, const pipeline::run_outcome& done) {
  auto delivered = options.keeps_going ? write_each(options, done.writes) : write_all(done.writes);
  if (delivered) delivered = print_text(done.out);
  if (!delivered) {
    say(options.command, delivered.error().message);
    return options.cannot_write;
  }
  for (const auto& message : done.messages)
    if (message.is_error || !options.is_quiet) say(options.command, message.text);
  return exit_code_of(done.status);
}

// Content Trust also resolves: what was signed for a tag is taken, whatever its registry has.
bool take_signed_tags(const run_options& options, const std::vector<rules::proof_request>& asked,
                      const std::vector<rules::proofs>& answers, pipeline::digest_map& known) {
  bool is_any = false;
  for (std::size_t i = 0; i < asked.size() && i < answers.size(); ++i) {
    const registry::reference& image = asked[i].image;
    const auto digest = registry::digest::parse(rules::signed_instead(asked[i], answers[i]));
    const auto tag = registry::reference::parse(fmt::format("{}:{}", image.written_name(), image.tag()));
    const auto held = digest && tag ? known.find(tag->canonical()) : known.end();
    if (held == known.end() || !held->second || *held->second == *digest) continue;
    if (!options.is_quiet)
      say(options.command, fmt::format("{} is signed to be {}, which is taken; its registry has {}", tag->written(),
                                       digest->shortened(), held->second->shortened()));
    held->second = *digest;
    is_any = true;
  }
  return is_any;
}

}  // namespace

int refuse_run(std::string_view command, const error& e) {
  say(command, e.message);
  return exit_usage;
}

access::digest_choice digest_choice_of(std::string_view command, const file_arguments& arguments) {
  return {arguments.lock_file, arguments.offline,
          arguments.quiet ? access::registry_digests::progress() : access::shown_progress(command)};
}

result<pipeline::cooldown> cooldown_of(const file_arguments& arguments) {
  pipeline::cooldown out{.length = arguments.cooldown.value_or(std::chrono::nanoseconds(0)),
                         .now = machine_clock().wall()};
  if (arguments.store.empty()) return out;
  // Only reports make stores.
  std::error_code no_file;
  if (!std::filesystem::exists(arguments.store, no_file))
    return fail(error_code::invalid_input,
                fmt::format("--store: {}: no such file; `pinhook report --store` makes one", arguments.store));
  auto memory = store::history::open(arguments.store, {});
  if (!memory) return fail(std::move(memory.error()).at("--store"));
  auto tags = (*memory)->tags({});
  if (!tags) return fail(std::move(tags.error()).at("--store"));
  for (const store::known_tag& tag : *tags)
    if (auto digest = registry::digest::parse(tag.digest))
      out.sights.emplace(tag.reference, resolve::seen_digest{*std::move(digest), timestamp_text(tag.first_seen)});
  return out;
}

result<std::optional<std::string>> read_existing_lock(const std::string& path) {
  if (path == "-") return std::nullopt;
  auto text = read_file(path, files::max_lock_size);
  if (text) return text->reveal();
  if (text.error().code == error_code::not_found) return std::nullopt;
  return fail(std::move(text.error()));
}

pin::pin_format format_of(const file_arguments& arguments, const config::settings& s) {
  return chosen_pin_format(arguments).value_or(s.pin.format);
}

files::image_places image_places_of(const config::settings& s) {
  return {.kinds = pin::pod_paths(s.pin.kinds), .paths = s.files.paths, .excluded = s.files.exclude};
}

pipeline::slot_rules orders_of(const file_arguments& arguments, const config::settings& s) {
  return {.set = s.rules, .ns = arguments.ns, .format = chosen_pin_format(arguments)};
}

pipeline::digest_map look_up(access::digest_source& source, const std::vector<registry::reference>& refs) {
  auto answers = source.find(refs);
  pipeline::digest_map out;
  for (std::size_t i = 0; i < refs.size(); ++i) out.emplace(refs[i].canonical(), std::move(answers[i]));
  return out;
}

int run_files(const run_options& options, pipeline::run& run, const digest_opener& open) {
  std::unique_ptr<access::digest_source> source;
  const auto is_open = [&]() -> result<void> {
    if (source) return {};
    auto opened = open();
    if (!opened) return fail(std::move(opened.error()));
    source = std::move(*opened);
    return {};
  };
  pipeline::digest_map known;
  if (const auto refs = run.wanted(); !refs.empty()) {
    if (const auto good = is_open(); !good) return deliver(options, run.stop(good.error()));
    known = look_up(*source, refs);
  }
  // Twice where the digest that was signed for a tag took the place of the registry's.
  for (bool is_again = false;; is_again = true) {
    const auto asked = run.questions(known);
    if (asked.empty()) break;
    if (const auto good = is_open(); !good) return deliver(options, run.stop(good.error()));
    auto answers = source->prove(asked);
    if (!answers && answers.error().code == error_code::unsupported) break;
    if (!answers) return deliver(options, run.stop(answers.error()));
    const bool is_other = !is_again && take_signed_tags(options, asked, *answers, known);
    run.take(rules::image_proofs(asked, std::move(*answers)));
    if (!is_other) break;
  }
  return deliver(options, run.finish(known));
}

}  // namespace pinhook::cli
