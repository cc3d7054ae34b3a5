#include <pinhook/pipeline/pin_output.hpp>

#include <pinhook/files/diff.hpp>
#include <pinhook/pipeline/joined_files.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace pinhook::pipeline {

std::string diff_of(const input& in, std::string_view text) {
  return files::unified_diff(in.path == "-" ? "stdin" : in.path, in.content->text(), text);
}

bool pin_output::add(input in, std::string text, std::string diff) {
  const std::string& before = in.content->text();
  const bool is_changed = !diff.empty() || text != before;
  switch (target_) {
    case run_target::diff:
      if (is_changed) diffs_ += diff.empty() ? diff_of(in, text) : diff;
      break;
    case run_target::in_place:
      if (is_changed) writes_.push_back({std::move(in.path), std::move(text), mark_of(before)});
      break;
    case run_target::standard_output: {
      // JSON that is found in a directory beside manifests and holds no image is not a manifest.
      const bool is_of_run = in.is_named || is_changed || !looks_like_json(text);
      printed_.push_back({std::move(in.path), std::move(text), is_of_run});
      break;
    }
  }
  return is_changed;
}

result<void> pin_output::put_into(run_outcome& to, std::size_t inputs) {
  std::ranges::move(writes_, std::back_inserter(to.writes));
  std::vector<printed_file> printed;
  for (const printed_text& one : printed_)
    if (one.is_of_run || inputs == 1) printed.push_back({one.path, one.text});
  auto text = joined(printed);
  if (!text) return fail(std::move(text.error()));
  to.out = target_ == run_target::diff ? std::move(diffs_) : *std::move(text);
  return {};
}

}  // namespace pinhook::pipeline
