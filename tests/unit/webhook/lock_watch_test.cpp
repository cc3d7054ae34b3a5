#include <pinhook/webhook/lock_watch.hpp>

#include "support/certificates.hpp"
#include "support/fake_resolver.hpp"
#include "support/run.hpp"

#include <pinhook/files/lock_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::webhook {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::digest_of_digit;
using ::testing::HasSubstr;
using ::testing::StartsWith;

registry::reference ref_of(const std::string& text) { return registry::reference::parse(text).value(); }

std::string lock_text(const std::vector<std::pair<std::string, char>>& images) {
  files::lock_file out;
  for (const auto& [name, digit] : images) out.images.put(ref_of(name), {digest_of_digit(digit), {}});
  return files::write_lock(out);
}

struct LockWatch : ::testing::Test {
  testing::temporary_directory folder;
  server::metrics numbers;
  std::shared_ptr<testing::fake_resolver> registries = std::make_shared<testing::fake_resolver>();
  /// Of the watch that was opened last.
  std::shared_ptr<resolve::locked_resolver> tags;

  std::unique_ptr<lock_watch> open(const fs::path& file, bool is_required = true) {
    auto out = lock_watch::open(file.string(), {registries, is_required}, numbers);
    EXPECT_TRUE(out) << out.error().message;
    if (!out) return nullptr;
    tags = (*out)->resolver();
    return *std::move(out);
  }
  std::string refusal(const fs::path& file) {
    const auto out = lock_watch::open(file.string(), {registries, true}, numbers);
    if (out) return "no refusal";
    EXPECT_EQ(out.error().code, error_code::invalid_input);
    return out.error().message;
  }
  static result<bool> reload(lock_watch& watch) { return watch.take_if_changed(read_files(watch.files())); }
  // The digit of the digest in the lock in use; '-' when it does not hold the image.
  char digit_of(const std::string& name) {
    const auto held = tags->known({ref_of(name), nullptr, resolve::freshness::cached});
    return held ? held->hex().front() : '-';
  }
};

TEST_F(LockWatch, PutsTheFileIntoUse) {
  const auto watch = open(folder.write("pinhook.lock", lock_text({{"nginx:1.25", '1'}, {"redis:7", '7'}})));
  EXPECT_EQ(digit_of("nginx:1.25"), '1');
  EXPECT_EQ(digit_of("nginx:1.26"), '-');
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_lock_images 2\n"));
  EXPECT_EQ(reload(*watch), false) << "it is the same file";
}

TEST_F(LockWatch, AsksTheRegistriesUnlessTheLockIsRequired) {
  registries->holds("docker.io/library/redis:7", digest_of_digit('7'));
  const auto file = folder.write("pinhook.lock", lock_text({{"nginx:1.25", '1'}}));
  const auto answered = [&](const std::string& image) {
    std::vector<resolve::query> all;
    all.push_back({ref_of(image), nullptr, resolve::freshness::cached});
    return testing::run(tags->resolve(std::move(all), deadline::never())).front();
  };
  const auto optional = open(file, false);
  EXPECT_EQ(answered("nginx:1.25").value().digest, digest_of_digit('1'));
  EXPECT_EQ(answered("redis:7").value().digest, digest_of_digit('7'));
  const auto required = open(file, true);
  EXPECT_EQ(answered("nginx:1.25").value().digest, digest_of_digit('1'));
  EXPECT_FALSE(answered("redis:7"));
}

TEST_F(LockWatch, NamesTheFaultOfTheFile) {
  const std::string missing = (folder.path() / "none.lock").string();
  EXPECT_EQ(refusal(missing), "lock.file: cannot read " + missing + ": No such file or directory");
  const std::string broken = folder.write("pinhook.lock", "apiVersion: v1\nkind: ConfigMap\n");
  EXPECT_THAT(refusal(broken), StartsWith("lock.file: " + broken + ": line 2, column 7: "));
  EXPECT_THAT(refusal(folder.path()), StartsWith("lock.file: cannot read "));
  const std::string large = folder.write("large.lock", std::string(files::max_lock_size + 1, '#'));
  EXPECT_THAT(refusal(large), AllOf(HasSubstr(large), HasSubstr("has more than")));
}

TEST_F(LockWatch, ReadsMoreThanAConfigMapHolds) {
  std::string text = lock_text({{"nginx:1.25", '1'}});
  text += '#' + std::string(std::size_t{2} * 1024 * 1024, 'x');
  open(folder.write("pinhook.lock", text));
  EXPECT_EQ(digit_of("nginx:1.25"), '1');
}

TEST_F(LockWatch, TakesAChangedFile) {
  const auto file = folder.write("pinhook.lock", lock_text({{"nginx:1.25", '1'}}));
  const auto watch = open(file);
  folder.write("pinhook.lock", lock_text({{"nginx:1.25", '2'}, {"redis:7", '7'}}));
  EXPECT_EQ(reload(*watch), true);
  EXPECT_EQ(digit_of("nginx:1.25"), '2');
  EXPECT_EQ(digit_of("redis:7"), '7');
  EXPECT_EQ(reload(*watch), false);
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_lock_images 2\n"),
                                      HasSubstr("pinhook_lock_reloads_total{result=\"success\"} 1\n"),
                                      HasSubstr("pinhook_lock_reloads_total{result=\"failure\"} 0\n")));
}

// As the kubelet does: the file is a link through a directory "..data", which is another link.
TEST_F(LockWatch, TakesAChangeOfTheDirectoryBehindALink) {
  const auto generation = [&](const std::string& name, const std::string& text) {
    fs::create_directory(folder.path() / name);
    folder.write(name + "/pinhook.lock", text);
    fs::create_symlink(name, folder.path() / "..new");
    fs::rename(folder.path() / "..new", folder.path() / "..data");
  };
  generation("..1", lock_text({{"nginx:1.25", '1'}}));
  fs::create_symlink("..data/pinhook.lock", folder.path() / "pinhook.lock");
  const auto watch = open(folder.path() / "pinhook.lock");
  generation("..2", lock_text({{"nginx:1.25", '2'}}));
  EXPECT_EQ(reload(*watch), true);
  EXPECT_EQ(digit_of("nginx:1.25"), '2');
}

TEST_F(LockWatch, KeepsTheOldLockWhenTheNewOneIsInvalid) {
  const auto file = folder.write("pinhook.lock", lock_text({{"nginx:1.25", '1'}}));
  const auto watch = open(file);
  const auto fails = [&](const std::string& part) {
    const auto changed = reload(*watch);
    ASSERT_FALSE(changed) << part;
    EXPECT_EQ(changed.error().code, error_code::invalid_input);
    EXPECT_THAT(changed.error().message, AllOf(StartsWith("lock.file: "), HasSubstr(file.string()), HasSubstr(part)));
    EXPECT_EQ(digit_of("nginx:1.25"), '1');
    EXPECT_EQ(reload(*watch), false) << "the same trouble is reported once";
  };
  folder.write("pinhook.lock", lock_text({{"nginx:1.25", '2'}}) + "imges: {}\n");
  fails("line 5, column 1");
  fs::remove(file);
  fails("No such file");
  EXPECT_THAT(numbers.render(), AllOf(HasSubstr("pinhook_lock_images 1\n"),
                                      HasSubstr("pinhook_lock_reloads_total{result=\"failure\"} 2\n")));

  folder.write("pinhook.lock", lock_text({{"nginx:1.25", '3'}}));
  EXPECT_EQ(reload(*watch), true);
  EXPECT_EQ(digit_of("nginx:1.25"), '3');
}

// The lock in use comes back: there is nothing to take, and it counts as good again.
TEST_F(LockWatch, TakesTheOldContentAgainAfterABadOne) {
  const std::string good = lock_text({{"nginx:1.25", '1'}});
  const auto watch = open(folder.write("pinhook.lock", good));
  folder.write("pinhook.lock", "broken");
  EXPECT_FALSE(reload(*watch));
  folder.write("pinhook.lock", good);
  EXPECT_EQ(reload(*watch), true);
  EXPECT_EQ(digit_of("nginx:1.25"), '1');
}

}  // namespace
}  // namespace pinhook::webhook
