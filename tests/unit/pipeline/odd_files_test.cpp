// Generated files with odd nodes in every place, through all steps of the commands. Nothing ends the process, nothing
// changes but images and their comments, and every error has a message.
#include "support/odd_file_maker.hpp"
#include "support/pin_trial.hpp"

#include <pinhook/pipeline/findings.hpp>
#include <pinhook/pipeline/locking.hpp>
#include <pinhook/pipeline/pinning.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using testing::make_odd_file;
using testing::odd_file;

// PINHOOK_SEEDS=<first>:<count> sets others.
struct seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 250;
};

seeds chosen_seeds() {
  seeds out;
  if (const char* text = std::getenv("PINHOOK_SEEDS"); text != nullptr) {
    char* end = nullptr;
    out.first = std::strtoull(text, &end, 10);
    if (*end == ':') out.count = std::strtoull(end + 1, nullptr, 10);
  }
  return out;
}

digest_map answers_to(const std::vector<registry::reference>& refs) {
  digest_map out;
  for (const auto& ref : refs) out.emplace(ref.canonical(), testing::made_up_digest(ref));
  return out;
}

// Lines without white space at their ends.
std::map<std::string, int> lines_of(const std::string& text) {
  std::map<std::string, int> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    ++out[line.substr(0, line.find_last_not_of(" \t\r") + 1)];
    at = end + 1;
  }
  return out;
}

// "image: |-" that became "image: |- # nginx:1.25"
bool is_commented(const std::string& line, const std::map<std::string, int>& old) {
  for (auto at = line.find(" # "); at != std::string::npos; at = line.find(" # ", at + 1))
    if (old.contains(line.substr(0, line.find_last_not_of(" \t", at) + 1))) return true;
  return false;
}

// A new line holds a digest, a tag's key, a comment, or the content of an alias.
std::string unexpected_line(const std::string& before, const std::string& after) {
  const auto old = lines_of(before);
  for (const auto& [line, count] : lines_of(after)) {
    const auto found = old.find(line);
    if (found != old.end() && found->second >= count) continue;
    const bool is_ours = line.contains("sha256:") || line.contains("newTag") || is_commented(line, old);
    if (!is_ours && !before.contains('*')) return line;
  }
  return {};
}

struct outcome {
  bool is_read = false;
  std::size_t pinned = 0;
};

outcome expect_all_in_words(const odd_file& file, pin::pin_format format) {
  outcome out;
  const auto trial = testing::try_pin(file.text, file.path, format);
  const bool is_refused = trial.problem.starts_with("not pinned: ") || trial.problem.starts_with("not unpinned: ");
  EXPECT_TRUE(trial.problem.empty() || is_refused) << trial.problem << "\n=====\n" << trial.pinned;
  auto content = files::image_file::read(file.text, file.path, {});
  if (!content) {
    EXPECT_FALSE(content.error().message.empty());
    return out;
  }
  out.is_read = true;
  for (const auto& s : content->slots()) {
    EXPECT_TRUE(s.reason != files::skip_reason::none || s.ref) << s.written;
    EXPECT_TRUE(s.reason != files::skip_reason::invalid || !s.problem.empty()) << s.written;
  }
  const auto checked = check_file(file.path, file.text, content->slots(), {.has_drift = true, .lists_images = true});
  EXPECT_EQ(checked.images.size(), content->slots().size());
  for (const auto& one : checked.findings) EXPECT_FALSE(one.message.empty());

  for (const pin_task task : {pin_task::update, pin_task::unpin, pin_task::pin}) {
    const pin_choice choice{.task = task, .format = format};
    const auto known = answers_to(wanted(*content, choice));
    const auto once = pinned(*content, choice, known);
    if (!once) {
      EXPECT_FALSE(once.error().message.empty());
      continue;
    }
    for (const auto& r : once->results)
      EXPECT_TRUE(r.outcome != slot_result::kind::left || !r.message.empty()) << content->slots()[r.slot].written;
    if (task != pin_task::pin) continue;
    out.pinned +=
        static_cast<std::size_t>(std::ranges::count(once->results, slot_result::kind::changed, &slot_result::outcome));
    EXPECT_EQ(unexpected_line(file.text, once->text), "") << once->text;
    const auto again = files::image_file::read(once->text, file.path, {});
    if (!again) {
      ADD_FAILURE() << again.error().message << "\n=====\n" << once->text;
      continue;
    }
    const auto twice = pinned(*again, choice, answers_to(wanted(*again, choice)));
    EXPECT_TRUE(twice && twice->text == once->text) << once->text;
  }
  const std::vector<input> inputs{{file.path, *std::move(content), true}};
  for (const std::string& note : plan_lock({.inputs = inputs}, {}, true).conflicts) EXPECT_FALSE(note.empty());
  return out;
}

TEST(OddFiles, AreReadPinnedAndRefusedInWords) {
  const auto [first, count] = chosen_seeds();
  std::size_t read = 0;
  std::size_t pinned_images = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const odd_file file = make_odd_file(seed);
    for (const auto format : {pin::pin_format::digest, pin::pin_format::tag_and_digest}) {
      const auto one = expect_all_in_words(file, format);
      read += one.is_read ? 1U : 0U;
      pinned_images += one.pinned;
    }
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ": " << file.path << "\n" << file.text;
  }
  // A run in which every file is refused would test nothing.
  EXPECT_GT(read, count / 2);
  EXPECT_GT(pinned_images, count / 2);
}

TEST(OddFiles, AreTheSameForTheSameSeed) {
  EXPECT_EQ(make_odd_file(7).text, make_odd_file(7).text);
  EXPECT_NE(make_odd_file(7).text, make_odd_file(8).text);
}

}  // namespace
}  // namespace pinhook::pipeline
