#include <pinhook/webhook/moves_watch.hpp>

#include "support/certificates.hpp"
#include "support/fake_resolver.hpp"

#include <pinhook/base/timestamp.hpp>
#include <pinhook/files/moves_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace pinhook::webhook {
namespace {

using ::testing::AllOf;
using testing::digest_of_digit;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

std::string moves_text(char digit) {
  resolve::tag_moves out(*parse_timestamp("2026-11-29T08:30:00Z"), 72h);
  out.put(registry::reference::parse("nginx:1.25").value(),
          {digest_of_digit(digit),
           resolve::tag_before{digest_of_digit('1'), *parse_timestamp("2026-11-28T08:30:00Z"), "bytes"}});
  out.put(registry::reference::parse("redis:7").value(), {digest_of_digit('7')});
  return files::write_moves(out);
}

struct MovesWatch : ::testing::Test {
  testing::temporary_directory folder;
  server::metrics numbers;
  std::shared_ptr<const resolve::tag_moves> used;
  std::string note;

  result<std::unique_ptr<mounted_file>> open(const std::string& file) {
    return open_moves(file, {.use = [this](std::shared_ptr<const resolve::tag_moves> all) { used = std::move(all); },
                             .note = [this](std::string text) { note = std::move(text); },
                             .numbers = numbers});
  }
  // The digit of the digest in the file in use.
  [[nodiscard]] char digit() const { return used->find("docker.io/library/nginx:1.25")->digest.hex().front(); }
  static result<bool> reload(mounted_file& watch) { return watch.take_if_changed(read_files(watch.files())); }
};

TEST_F(MovesWatch, PutsTheFileIntoUse) {
  const auto watch = open(folder.write("moves.yaml", moves_text('2')));
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_EQ(digit(), '2');
  EXPECT_EQ(note, "moves.file of 2026-11-29T08:30:00Z: 2 tags, 1 of them moved within 72h");
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_moves_tags 2\n"),
                                      HasSubstr("pinhook_moves_written_timestamp_seconds 1795941000\n")));
  EXPECT_EQ(reload(**watch), false) << "it is the same file";
}

TEST_F(MovesWatch, NamesTheFaultOfTheFile) {
  const std::string missing = (folder.path() / "none.yaml").string();
  auto opened = open(missing);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, error_code::invalid_input);
  EXPECT_EQ(opened.error().message, "moves.file: cannot read " + missing + ": No such file or directory");
  const std::string broken = folder.write("moves.yaml", "apiVersion: pinhook.dev/v1\nkind: ImageLock\n");
  opened = open(broken);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, StartsWith("moves.file: " + broken + ": line 2, column 7: "));
  EXPECT_EQ(used, nullptr);
}

TEST_F(MovesWatch, KeepsTheOldFileWhenTheNewOneIsInvalid) {
  const auto watch = open(folder.write("moves.yaml", moves_text('2')));
  ASSERT_TRUE(watch);
  folder.write("moves.yaml", moves_text('3') + "more: {}\n");
  const auto changed = reload(**watch);
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, AllOf(StartsWith("moves.file: "), HasSubstr("unknown field \"more\"")));
  EXPECT_EQ(digit(), '2');
  EXPECT_THAT(note, AllOf(StartsWith("moves.file of 2026-11-29T08:30:00Z"), HasSubstr("changed since and is invalid")));
  EXPECT_EQ(reload(**watch), false) << "the same trouble is reported once";
  folder.write("moves.yaml", moves_text('4'));
  EXPECT_EQ(reload(**watch), true);
  EXPECT_EQ(digit(), '4');
  EXPECT_EQ(note, "moves.file of 2026-11-29T08:30:00Z: 2 tags, 1 of them moved within 72h");
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_moves_reloads_total{result=\"failure\"} 1\n"),
                                      HasSubstr("pinhook_moves_reloads_total{result=\"success\"} 1\n")));
}

}  // namespace
}  // namespace pinhook::webhook
