#include <pinhook/cli/krm_function.hpp>

#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/rewrite_files.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/pipeline/resource_list.hpp>
#include <pinhook/pipeline/site_label.hpp>

#include <fmt/core.h>

#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

std::string line(std::string_view text) { return message_line("fn", text); }

// The input unchanged, with the error in its results where they can be written.
function_outcome refused(const std::string& text, const error& e) {
  pipeline::function_result failure;
  failure.severity = pipeline::result_severity::error;
  failure.message = e.message;
  const auto out = pipeline::with_results(text, {failure});
  return {out ? *out : std::string(), line(e.message), exit_usage};
}

class function_run {
 public:
  function_run(const std::string& text, const function_surroundings& around) : text_(text), around_(around) {}

  result<function_outcome> run(const pipeline::resource_list& list) {
    const auto config = list.config();
    if (!config) return fail(config.error());
    const auto file = files::image_file::read(text_, "-", around_.rules);
    if (!file) return fail(file.error());
    pipeline::pin_choice choice{.task = config->update ? pipeline::pin_task::update : pipeline::pin_task::pin,
                                .format = config->format.value_or(around_.format),
                                .orders = around_.orders};
    if (config->format) choice.orders.format = config->format;
    pipeline::digest_map known;
    if (const auto refs = pipeline::wanted(*file, choice); !refs.empty()) {
      auto source = around_.open({.lock_file = config->lock_file, .offline = config->offline});
      if (!source) return fail(std::move(source.error()));
      known = look_up(**source, refs);
    }
    const auto pinned = pipeline::pinned(*file, choice, known);
    if (!pinned) return fail(pinned.error());
    const bool is_failed = pinned->has(pipeline::site_result::kind::failed);
    const bool writes = !is_failed || config->keeps_going;
    if (writes) report_notes(*pinned);
    for (const auto& r : pinned->results) {
      const files::site& s = file->sites()[r.site];
      report(list.about(s), s, r, writes);
      if (writes && r.what == pipeline::site_result::kind::changed) report_doubt(list.about(s), s);
    }
    auto out = pipeline::with_results(writes ? pinned->text : text_, results_);
    if (!out) return fail(std::move(out.error()));
    return function_outcome{std::move(*out), std::move(messages_), is_failed ? exit_lookup : exit_good};
  }

 private:
  void report(pipeline::function_result about, const files::site& s, const pipeline::site_result& r, bool writes) {
    using kind = pipeline::site_result::kind;
    about.current_value = s.written;
    switch (r.what) {
      case kind::current:
        return;
      case kind::changed:
        if (!writes) return;
        about.message = fmt::format("{}: {} is pinned", pipeline::shown_name(s), s.written);
        about.proposed_value = r.after;
        break;
      case kind::left:
        if (files::is_on_purpose(s.why)) return;
        about.severity = r.rule.empty() ? pipeline::result_severity::warning : pipeline::result_severity::info;
        about.message =
            fmt::format("{}: {} is left as it is: {}", pipeline::shown_name(s), quoted_name(s.written), r.message);
        break;
      case kind::failed:
        about.severity = pipeline::result_severity::error;
        about.message = fmt::format("{}: {}", pipeline::shown_name(s), r.message);
        break;
    }
    if (about.severity != pipeline::result_severity::info)
      messages_ += line(fmt::format("{}: {}", s.object, about.message));
    results_.push_back(std::move(about));
  }

  // Reports notes about the list as a whole.
  void report_notes(const pipeline::pinned_file& file) {
    if (auto lost = file.lost_tags_note(); !lost.empty()) warn({}, "", std::move(lost));
    for (const auto& note : file.notes) warn({}, "", note);
  }

  // Warns, once for each item, that a digest may break it.
  void report_doubt(pipeline::function_result about, const files::site& s) {
    if (s.doubt.empty()) return;
    const auto item = s.pointer.substr(0, s.pointer.find('/', std::string_view("/items/").size()));
    if (doubts_.emplace(item, s.doubt).second)
      warn(std::move(about), fmt::format("{}: ", s.object), fmt::format("{}: {}", pipeline::shown_name(s), s.doubt));
  }

  void warn(pipeline::function_result about, std::string_view where, std::string message) {
    messages_ += line(fmt::format("{}{}", where, message));
    about.severity = pipeline::result_severity::warning;
    about.message = std::move(message);
    results_.push_back(std::move(about));
  }

  const std::string& text_;
  const function_surroundings& around_;
  std::string messages_;
  // The item, and the doubt that was reported for it.
  std::set<std::pair<std::string, std::string>> doubts_;
  std::vector<pipeline::function_result> results_;
};

}  // namespace

function_outcome run_function(const std::string& text, const function_surroundings& around) {
  const auto list = pipeline::resource_list::read(text);
  if (!list) return {{}, line(list.error().message), exit_usage};
  auto done = function_run(text, around).run(*list);
  return done ? std::move(*done) : refused(text, done.error());
}

}  // namespace pinhook::cli
