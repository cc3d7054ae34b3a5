#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/cli/rewrite_files.hpp>
#include <pinhook/cli/standard_output.hpp>
#include <pinhook/config/command_settings.hpp>
#include <pinhook/files/file_walk.hpp>
#include <pinhook/pipeline/check_report.hpp>
#include <pinhook/pipeline/inputs.hpp>
#include <pinhook/pipeline/kustomization_renames.hpp>
#include <pinhook/pipeline/kustomization_walk.hpp>
#include <pinhook/pipeline/kustomizations_around.hpp>
#include <pinhook/pipeline/site_label.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

// Limit in bytes of the files that are rewritten to give the exact lines of a fix (SARIF); beyond it a fix is only
// described. Each fix rewrites its whole file, which is read again as a check: together a few seconds at most.
constexpr std::size_t max_rewritten = std::size_t{32} * 1024 * 1024;

void say(std::string_view text) { cli::say("check", text); }

int refuse(const error& e) {
  say(e.message);
  return exit_usage;
}

// The configuration's path for messages: `flag`, else PINHOOK_CONFIG; empty when there is none.
std::string configuration_file(const std::string& flag, const environment& all) {
  if (!flag.empty()) return flag;
  for (const auto& [name, text] : all)
    if (name == "PINHOOK_CONFIG") return text;
  return {};
}

std::string here() {
  std::error_code ignored;
  const auto path = std::filesystem::current_path(ignored);
  return path.empty() ? "/" : path.string();
}

class check_run {
 public:
  // `file`: the configuration's path, empty without one.
  check_run(const file_arguments& arguments, const config::settings& s, std::string_view file)
      : arguments_(arguments),
        settings_(s),
        checks_(pipeline::checks_with(s.rules, file)),
        orders_(orders_of(arguments, s)),
        output_(pipeline::parse_report_format(arguments.output).value_or(pipeline::report_format::table)),
        looks_up_(arguments.drift || !arguments.lock_file.empty()),
        format_(format_of(arguments, s)) {}

  // Returns the exit code.
  int run() {
    const auto rules = file_rules_of(settings_);
    find_renames(rules);
    const auto read =
        pipeline::each_input(arguments_.paths, rules, [this](pipeline::input one) { take(std::move(one)); });
    if (!read) return refuse(read.error());
    if (const auto found = look_up(); !found) return refuse(found.error());
    for (auto& one : waiting_) files_[one.place] = check(files_[one.place].path, one.file);
    return report();
  }

 private:
  // A file whose findings depend on look-ups.
  struct waiting_file {
    std::size_t place;
    files::image_file file;
  };

  void take(pipeline::input one) {
    if (!one.content) {
      take_fault(std::move(one));
    } else if (looks_up_ && pipeline::add_wanted(one.content->sites(), question(one.path), wanted_)) {
      waiting_.push_back({files_.size(), std::move(*one.content)});
      files_.emplace_back().path = std::move(one.path);
    } else {
      files_.push_back(check(one.path, *one.content));
    }
  }

  void take_fault(pipeline::input one) {
    if (one.content.error().code == error_code::unsupported && !one.is_named) {
      if (templates_++ == 0) first_template_ = std::move(one.path);
      return;
    }
    auto& bad = files_.emplace_back();
    bad.path = std::move(one.path);
    bad.fault = std::move(one.content.error().message);
    say(fmt::format("{}: {}", pipeline::shown_path(bad.path), bad.fault));
  }

  // Looks up all images of the run at once.
  result<void> look_up() {
    if (wanted_.empty()) return {};
    auto digests = access::open_digests({arguments_.lock_file, arguments_.offline}, settings_, process_environment());
    if (!digests) return fail(std::move(digests.error()));
    std::vector<registry::reference> refs;
    for (const auto& [canonical, ref] : wanted_) refs.push_back(ref);
    auto answers = (*digests)->find(refs);
    for (std::size_t i = 0; i < refs.size(); ++i) {
      if (!answers[i]) {
        say(answers[i].error().message);
        ++failed_;
      }
      known_.insert_or_assign(refs[i].canonical(), std::move(answers[i]));
    }
    return {};
  }

  // Runs before any file is checked, since an overlay can come after its base.
  void find_renames(const files::file_rules& rules) {
    std::vector<std::string> words;
    std::ranges::copy_if(arguments_.paths, std::back_inserter(words), [](const auto& word) { return word != "-"; });
    // A path that is not found is reported when the inputs are read.
    if (const auto found = files::find_files(words))
      renames_ = pipeline::find_renames(pipeline::kustomizations_around(found->paths), rules);
  }

  [[nodiscard]] pipeline::check_question question(const std::string& path) const {
    pipeline::check_question out;
    out.checks = &checks_;
    out.ns = arguments_.ns;
    out.has_drift = arguments_.drift;
    out.lock_file = arguments_.lock_file;
    out.lists_images = output_ == pipeline::report_format::junit;
    out.known = looks_up_ ? &known_ : nullptr;
    if (!renames_.empty() && path != "-")
      if (const auto at = renames_.find(pipeline::canonical_path(path)); at != renames_.end())
        out.renamed = &at->second;
    return out;
  }

  pipeline::checked_file check(const std::string& path, const files::image_file& file) {
    auto q = question(path);
    q.how_to_pin = [this, &file](std::size_t site, const registry::digest& d) { return suggestion(file, site, d); };
    return pipeline::check_file(path, file.text(), file.sites(), q);
  }

  pipeline::pin_text suggestion(const files::image_file& file, std::size_t site, const registry::digest& digest) {
    const files::change change{site, digest, orders_.order_of(file.sites()[site]).format};
    pipeline::pin_text out{file.suggestion(change, format_), std::nullopt};
    if (output_ != pipeline::report_format::sarif || file.text().size() > max_rewritten - rewritten_) return out;
    rewritten_ += file.text().size();
    const std::vector<files::change> changes{change};
    // A site that shares its bytes with another one must not be changed alone.
    if (const auto after = file.rewrite(changes, format_)) out.change = pipeline::changed_lines(file.text(), *after);
    return out;
  }

  int report() {
    const auto totals = pipeline::totals_of(files_);
    pipeline::report_options options;
    options.has_colour = output_ == pipeline::report_format::table && wants_colour();
    options.directory = here();
    options.is_complete = totals.faults == 0 && failed_ == 0;
    const auto printed = print_text(pipeline::write_report(output_, files_, checks_.table, options));
    if (!printed) return refuse(printed.error());
    if (templates_ > 0)
      say(fmt::format(
          "skipped {} not rendered ({}{}): helm template … | pinhook check -",
          templates_ == 1 ? "a Helm template that is" : fmt::format("{} Helm templates that are", templates_),
          first_template_, templates_ == 1 ? "" : ", …"));
    say(pipeline::summary(totals));
    if (totals.faults > 0) return exit_usage;
    if (failed_ > 0) return exit_lookup;
    return totals.findings > 0 ? exit_failed : exit_good;
  }

  const file_arguments& arguments_;
  const config::settings& settings_;
  const pipeline::file_checks checks_;
  const pipeline::site_rules orders_;
  const pipeline::report_format output_;
  const bool looks_up_;
  const pin::pin_format format_;
  pipeline::checked_files files_;
  std::vector<waiting_file> waiting_;
  pipeline::renames_by_file renames_;
  std::map<std::string, registry::reference> wanted_;
  pipeline::digest_map known_;
  std::size_t failed_ = 0;
  std::size_t templates_ = 0;
  std::string first_template_;
  std::size_t rewritten_ = 0;
};

}  // namespace

int check(const arguments& arguments) {
  const auto all = process_environment();
  const auto found = config::settings_for_files(arguments.configuration.file, all);
  if (!found) return refuse(found.error());
  return check_run(arguments.files, *found, configuration_file(arguments.configuration.file, all)).run();
}

}  // namespace pinhook::cli
