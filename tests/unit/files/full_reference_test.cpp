#include <pinhook/files/full_reference.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

const std::string digest = "sha256:" + std::string(64, 'a');

TEST(FullReference, IsFoundInTexts) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
      {"quay.io/acme/a:1", {"quay.io/acme/a:1"}},
      {"quay.io/acme/a@" + digest, {"quay.io/acme/a@" + digest}},
      {"10.0.0.1:5000/a:1", {"10.0.0.1:5000/a:1"}},
      {"docker run quay.io/acme/a:1 quay.io/acme/b:2", {"quay.io/acme/a:1", "quay.io/acme/b:2"}},
      {"--x=quay.io/acme/a:1", {"quay.io/acme/a:1"}},
      {"4.1.0=quay.io/acme/a:1\n4.2.0=quay.io/acme/a:2\n", {"quay.io/acme/a:1", "quay.io/acme/a:2"}},
      {"${IMAGE:-quay.io/acme/a:1}", {"quay.io/acme/a:1"}},
      {"as in quay.io/acme/a:1.", {"quay.io/acme/a:1"}},
      {"<image>quay.io/acme/a:1</image>", {"quay.io/acme/a:1"}},
  };
  for (const auto& [text, expected] : cases) {
    std::vector<std::string> found;
    for (const full_reference& one : full_references(text)) {
      found.emplace_back(one.written);
      EXPECT_EQ(std::string_view(text).substr(one.offset, one.written.size()), one.written) << text;
    }
    EXPECT_THAT(found, ElementsAreArray(expected)) << text;
  }
}

TEST(FullReference, LeavesOtherTexts) {
  for (const std::string_view text : {"",
                                      "/",
                                      "a/b",
                                      "acme/a:1",
                                      "quay.io/acme/a",
                                      "quay.io/",
                                      "https://quay.io/acme/a:1",
                                      "oci://quay.io/acme/a:1",
                                      "quay.io/acme/a:${TAG}",
                                      "quay.io/acme/a:$TAG",
                                      "quay.io/acme/*:1",
                                      "localhost/a:1",
                                      "1.2.3/a:1",
                                      "a./b:1",
                                      "docker push quay.io/acme/a:1",
                                      "docker build -t quay.io/acme/a:1",
                                      "--destination=quay.io/acme/a:1",
                                      "# quay.io/acme/a:1",
                                      "a\n  # quay.io/acme/a:1\n",
                                      "com.acme:lib:1.0/x",
                                      "kubernetes.io/os:linux"})
    EXPECT_THAT(full_references(text), IsEmpty()) << text;
}

}  // namespace
}  // namespace pinhook::files
