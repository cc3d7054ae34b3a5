#include <pinhook/fleet/image_id.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::fleet {
namespace {

const std::string hex(64, 'a');
const std::string digest = "sha256:" + hex;

TEST(ImageId, IsADigestOnlyWhereANameIsBeforeIt) {
  struct row {
    std::string text;
    image_id_form form;
  };
  const row rows[] = {
      {"", image_id_form::none},
      {"docker.io/library/nginx@" + digest, image_id_form::manifest},
      {"registry.example:5000/shop/web@" + digest, image_id_form::manifest},
      {"docker.io/library/nginx:1.25@" + digest, image_id_form::manifest},
      {"docker-pullable://nginx@" + digest, image_id_form::manifest},
      {"containerd://docker.io/library/nginx@" + digest, image_id_form::manifest},
      {digest, image_id_form::unknown},
      {"docker://" + digest, image_id_form::unknown},
      {"docker-pullable://" + digest, image_id_form::unknown},
      {hex, image_id_form::unknown},
      {"@" + digest, image_id_form::unknown},
      {"nginx:1.25", image_id_form::unknown},
      {"nginx@sha256:abc", image_id_form::unknown},
      {"nginx@md5:" + hex, image_id_form::unknown},
      {"nginx@", image_id_form::unknown},
      {"://", image_id_form::unknown},
  };
  for (const row& one : rows) {
    const image_id id = parse_image_id(one.text);
    EXPECT_EQ(id.form, one.form) << one.text;
    EXPECT_EQ(id.digest.has_value(), one.form == image_id_form::manifest) << one.text;
    if (id.digest) {
      EXPECT_EQ(id.digest->to_string(), digest) << one.text;
    }
  }
}

TEST(ImageId, KeepsOtherAlgorithmsThatAReferenceMayCarry) {
  EXPECT_EQ(parse_image_id("nginx@sha512:" + std::string(128, 'b')).form, image_id_form::manifest);
}

}  // namespace
}  // namespace pinhook::fleet
