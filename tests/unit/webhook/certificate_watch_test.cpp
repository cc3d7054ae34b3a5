#include <pinhook/webhook/certificate_watch.hpp>

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"

#include <pinhook/base/log.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Certificates are issued by the real time; this one can be moved on from there.
class moving_clock final : public clock {
 public:
  steady_time now() const override { return machine_clock().now(); }
  wall_time wall() const override { return machine_clock().wall() + ahead; }
  std::chrono::hours ahead{0};
};

struct CertificateWatch : ::testing::Test {
  testing::temporary_directory dir;
  testing::certificate_authority authority;
  server::metrics numbers;
  moving_clock time;
  server::tls_context tls{time};
  certificate_watch watch{{path("tls.crt"), path("tls.key")}, {}, tls, numbers};

  std::string path(const char* name) const { return (dir.path() / name).string(); }
  void write(const testing::key_pair& p) {
    dir.write("tls.crt", p.certificate);
    dir.write("tls.key", p.key);
  }
  void open() {
    write(authority.issue());
    const auto ok = watch.open();
    ASSERT_TRUE(ok) << ok.error().message;
  }
  result<bool> look() { return watch.take_if_changed(read_files(watch.files())); }
  std::string refused() {
    const auto before = tls.current();
    const auto taken = look();
    EXPECT_EQ(tls.current(), before);
    EXPECT_EQ(look(), result<bool>(false)) << "it is reported once";
    return taken ? "no trouble" : taken.error().message;
  }
};

TEST_F(CertificateWatch, NamesTheFileThatCannotBeRead) {
  write(authority.issue());
  std::filesystem::remove(path("tls.key"));
  const auto missing = watch.open();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, error_code::invalid_input);
  EXPECT_EQ(missing.error().message, "cannot read " + path("tls.key") + ": No such file or directory");
  ASSERT_EQ(::mkfifo(path("tls.key").c_str(), 0600), 0);
  EXPECT_THAT(watch.open().error().message, HasSubstr("tls.key: it is a named pipe (FIFO), not a regular file"));
  dir.write("tls.key", std::string(server::tls_context::file_limit + 1, 'x'));
  EXPECT_THAT(watch.open().error().message, HasSubstr("tls.key has more than 1048576 bytes"));
  EXPECT_FALSE(tls.is_loaded());
}

TEST_F(CertificateWatch, TakesAnotherContentOnly) {
  const auto leaf = authority.issue();
  write(leaf);
  ASSERT_TRUE(watch.open());
  const auto first = tls.current();
  EXPECT_EQ(look(), result<bool>(false));
  write(leaf);  // other files, the same content
  EXPECT_EQ(look(), result<bool>(false));
  EXPECT_EQ(tls.current(), first);
  write(authority.issue({.not_after = 72h}));
  EXPECT_EQ(look(), result<bool>(true));
  EXPECT_NE(tls.current(), first);
  EXPECT_GT(tls.not_after() - std::chrono::system_clock::now(), 71h);
  EXPECT_EQ(look(), result<bool>(false));
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_certificate_reloads_total{result=\"success\"} 1\n"));
}

// As the kubelet lays out a mounted Secret: tls.crt -> ..data/tls.crt, ..data -> a directory.
TEST_F(CertificateWatch, FollowsASwappedLink) {
  namespace fs = std::filesystem;
  const auto lay_out = [&](const char* name, const testing::key_pair& p) {
    fs::create_directory(dir.path() / name);
    dir.write(std::string(name) + "/tls.crt", p.certificate);
    dir.write(std::string(name) + "/tls.key", p.key);
    fs::create_symlink(name, dir.path() / "..data_tmp");
    fs::rename(dir.path() / "..data_tmp", dir.path() / "..data");
  };
  lay_out("..one", authority.issue());
  fs::create_symlink("..data/tls.crt", dir.path() / "tls.crt");
  fs::create_symlink("..data/tls.key", dir.path() / "tls.key");
  ASSERT_TRUE(watch.open());
  const auto first = tls.current();
  lay_out("..two", authority.issue());
  EXPECT_EQ(look(), result<bool>(true));
  EXPECT_NE(tls.current(), first);
}

TEST_F(CertificateWatch, WhatIsNoGoodLeavesTheOldPairAndIsSaidOnce) {
  open();
  const auto first = tls.current();
  dir.write("tls.key", authority.issue().key);
  EXPECT_THAT(refused(), HasSubstr("is not the key of the certificate"));
  std::filesystem::remove(path("tls.crt"));
  EXPECT_THAT(refused(), HasSubstr("No such file"));
  ASSERT_EQ(::mkfifo(path("tls.crt").c_str(), 0600), 0);
  EXPECT_THAT(refused(), HasSubstr("named pipe"));
  EXPECT_EQ(tls.current(), first);
  write(authority.issue());
  EXPECT_EQ(look(), result<bool>(true));
  EXPECT_NE(tls.current(), first);
}

TEST_F(CertificateWatch, OneThatHasExpiredIsKeptOut) {
  open();
  write(authority.issue({.not_before = -48h, .not_after = -24h}));
  EXPECT_THAT(refused(), HasSubstr("it expired at 20"));
  EXPECT_THAT(numbers.render(), HasSubstr("pinhook_certificate_reloads_total{result=\"failure\"} 1\n"));
  EXPECT_EQ(watch.take_held(), result<bool>(false));
}

TEST_F(CertificateWatch, OneThatIsNotValidYetIsTakenWhenItsTimeHasCome) {
  open();
  write(authority.issue({.not_before = 2h, .not_after = 48h}));
  EXPECT_THAT(refused(), HasSubstr("it is not valid before 20"));
  EXPECT_EQ(watch.take_held(), result<bool>(false));
  time.ahead = 3h;
  EXPECT_EQ(watch.take_held(), result<bool>(true));
  EXPECT_EQ(tls.why_not_valid(), std::nullopt);
  EXPECT_GT(tls.not_after() - std::chrono::system_clock::now(), 47h);
  EXPECT_EQ(watch.take_held(), result<bool>(false)) << "once";
}

TEST_F(CertificateWatch, WhatIsHeldGoesWhenTheFilesChange) {
  open();
  write(authority.issue({.not_before = 2h, .not_after = 48h}));
  EXPECT_FALSE(look());
  write(authority.issue({.not_after = 30h}));
  EXPECT_EQ(look(), result<bool>(true));
  time.ahead = 3h;
  EXPECT_EQ(watch.take_held(), result<bool>(false));
}

}  // namespace
}  // namespace pinhook::webhook
