#include <pinhook/webhook/client_authority_watch.hpp>

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pinhook::webhook {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct ClientAuthorityWatch : ::testing::Test {
  testing::temporary_directory dir;
  testing::certificate_authority one;
  testing::certificate_authority two;
  server::tls_context tls;
  std::string file = (dir.path() / "ca.crt").string();
  client_authority_watch watch{file, {}, tls};

  result<bool> look() { return watch.take_if_changed(read_files(watch.files())); }
};

TEST_F(ClientAuthorityWatch, NamesTheSettingAndTheFile) {
  const auto missing = watch.open();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, error_code::invalid_input);
  EXPECT_EQ(missing.error().message, "callers.client_ca: cannot read " + file + ": No such file or directory");
  dir.write("ca.crt", "hello");
  EXPECT_EQ(watch.open().error().message, "callers.client_ca: " + file + ": holds no certificate in PEM");
  EXPECT_EQ(tls.authorities_of_clients(), nullptr);
}

TEST_F(ClientAuthorityWatch, TakesAChangedFileAndKeepsTheOldOnesWhenItIsNoGood) {
  dir.write("ca.crt", one.certificate());
  ASSERT_TRUE(watch.open());
  const auto first = tls.authorities_of_clients();
  EXPECT_EQ(look(), result<bool>(false));
  dir.write("ca.crt", one.certificate() + two.certificate());
  EXPECT_EQ(look(), result<bool>(true));
  const auto second = tls.authorities_of_clients();
  EXPECT_NE(second, first);
  EXPECT_EQ(second->size(), 2U);
  dir.write("ca.crt", "");
  EXPECT_THAT(look().error().message, StartsWith("callers.client_ca: "));
  EXPECT_EQ(look(), result<bool>(false)) << "it is reported once";
  std::filesystem::remove(file);
  EXPECT_THAT(look().error().message, HasSubstr("No such file"));
  EXPECT_EQ(tls.authorities_of_clients(), second);
}

}  // namespace
}  // namespace pinhook::webhook
