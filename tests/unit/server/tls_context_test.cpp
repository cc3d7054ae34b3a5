#include "support/certificates.hpp"

#include <pinhook/server/tls_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class TlsContext : public ::testing::Test {
 protected:
  certificate_files write(const testing::key_pair& p) {
    return {dir.write("tls.crt", p.certificate), dir.write("tls.key", p.key)};
  }
  std::string path(const char* name) const { return (dir.path() / name).string(); }

  testing::temporary_directory dir;
  testing::certificate_authority authority;
  tls_context tls;
};

TEST_F(TlsContext, LoadsAPairWithItsChain) {
  auto leaf = authority.issue({.not_after = 48h});
  leaf.certificate += authority.certificate();
  EXPECT_FALSE(tls.is_loaded());
  EXPECT_EQ(tls.current(), nullptr);
  EXPECT_EQ(tls.chain(), "");
  ASSERT_TRUE(tls.load(write(leaf)));
  EXPECT_EQ(tls.chain(), leaf.certificate);
  EXPECT_TRUE(tls.is_loaded());
  EXPECT_NE(tls.current(), nullptr);
  const auto left = tls.not_after() - std::chrono::system_clock::now();
  EXPECT_GT(left, 47h);
  EXPECT_LE(left, 48h);
}

TEST_F(TlsContext, NamesTheFileThatIsMissing) {
  const auto files = write(authority.issue());
  const auto no_key = tls.load({files.certificate, path("absent.key")});
  ASSERT_FALSE(no_key);
  EXPECT_EQ(no_key.error().code, error_code::invalid_input);
  EXPECT_THAT(no_key.error().message, HasSubstr(path("absent.key")));
  EXPECT_THAT(no_key.error().message, HasSubstr("No such file"));
  EXPECT_THAT(tls.load({path("absent.crt"), files.key}).error().message, HasSubstr(path("absent.crt")));
  EXPECT_FALSE(tls.is_loaded());
}

TEST_F(TlsContext, NamesTheFileThatIsNoPem) {
  const auto leaf = authority.issue();
  const auto files = write(leaf);
  EXPECT_THAT(tls.load({files.key, files.key}).error().message, HasSubstr("tls.key: holds no certificate"));
  EXPECT_THAT(tls.load({files.certificate, files.certificate}).error().message,
              HasSubstr("tls.crt: holds no private key"));
  EXPECT_THAT(tls.load({dir.write("empty", ""), files.key}).error().message, HasSubstr("empty: holds no certificate"));
  EXPECT_THAT(tls.load({path("."), files.key}).error().message, HasSubstr("/.: "));
  const std::string cut = leaf.certificate + authority.certificate().substr(0, 200);
  EXPECT_THAT(tls.load({dir.write("cut", cut), files.key}).error().message,
              HasSubstr("cut: a certificate of the chain"));
}

TEST_F(TlsContext, KeyMustBeTheCertificates) {
  const auto files = write({authority.issue().certificate, authority.issue().key});
  const auto loaded = tls.load(files);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, files.key + ": is not the key of the certificate in " + files.certificate);
}

TEST_F(TlsContext, FilesOverTheLimitAreRefused) {
  const auto files = write(authority.issue());
  const auto large = dir.write("large", std::string(tls_context::file_limit + 1, 'x'));
  EXPECT_THAT(tls.load({large, files.key}).error().message, HasSubstr("is over 1048576 bytes"));
}

TEST_F(TlsContext, ReloadSeesAChangeOnly) {
  const auto leaf = authority.issue();
  ASSERT_TRUE(tls.load(write(leaf)));
  const auto first = tls.current();
  EXPECT_EQ(tls.reload(), result<bool>(false));
  write(leaf);  // other files, the same content
  EXPECT_EQ(tls.reload(), result<bool>(false));
  EXPECT_EQ(tls.current(), first);
  write(authority.issue({.not_after = 72h}));
  EXPECT_EQ(tls.reload(), result<bool>(true));
  EXPECT_NE(tls.current(), first);
  EXPECT_GT(tls.not_after() - std::chrono::system_clock::now(), 71h);
  EXPECT_EQ(tls.reload(), result<bool>(false));
}

TEST_F(TlsContext, ReloadFollowsASwappedLink) {
  // As the kubelet lays out a mounted Secret: tls.crt → ..data/tls.crt, ..data → a directory.
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
  ASSERT_TRUE(tls.load({path("tls.crt"), path("tls.key")}));
  const auto first = tls.current();
  lay_out("..two", authority.issue());
  EXPECT_EQ(tls.reload(), result<bool>(true));
  EXPECT_NE(tls.current(), first);
}

TEST_F(TlsContext, BrokenPairLeavesTheOldOneAndIsSaidOnce) {
  ASSERT_TRUE(tls.load(write(authority.issue())));
  const auto first = tls.current();
  dir.write("tls.key", authority.issue().key);
  const auto mixed = tls.reload();
  ASSERT_FALSE(mixed);
  EXPECT_THAT(mixed.error().message, HasSubstr("is not the key of the certificate"));
  EXPECT_EQ(tls.current(), first);
  EXPECT_EQ(tls.reload(), result<bool>(false));
  std::filesystem::remove(path("tls.crt"));
  EXPECT_FALSE(tls.reload());
  EXPECT_EQ(tls.reload(), result<bool>(false));
  EXPECT_EQ(tls.current(), first);
  write(authority.issue());
  EXPECT_EQ(tls.reload(), result<bool>(true));
  EXPECT_NE(tls.current(), first);
}

TEST_F(TlsContext, PairMadeInMemory) {
  const auto leaf = authority.issue();
  ASSERT_TRUE(tls.set_pair(leaf.certificate, secret(leaf.key)));
  EXPECT_TRUE(tls.is_loaded());
  EXPECT_EQ(tls.reload(), result<bool>(false));
  const auto mixed = tls.set_pair(leaf.certificate, secret(authority.issue().key));
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().message, "the key: is not the key of the certificate in the certificate");
}

}  // namespace
}  // namespace pinhook::server
