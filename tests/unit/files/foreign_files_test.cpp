#include <pinhook/files/foreign_files.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

TEST(ForeignFiles, AreKnownByTheirNames) {
  for (const char* one :
       {"main.tf", "a/b.cue", "web.yaml.j2", "a/_helpers.tpl", "Jenkinsfile", "ci/Jenkinsfile.release", "Earthfile",
        "x.jsonnet", "lib.libsonnet", "values.yaml.gotmpl", "a.erb", "Tiltfile"})
    EXPECT_TRUE(is_foreign_file(one)) << one;
  for (const char* one :
       {"a.yaml", "a.json", "Dockerfile", "tf", "a.tf.yaml", "MyJenkinsfile", "a.md", "", "-", "x.py"})
    EXPECT_FALSE(is_foreign_file(one)) << one;
}

TEST(ForeignFiles, AreNamedForAnImageThatIsWrittenOut) {
  for (const char* one :
       {"image: nginx:1.25\n", "  image = \"nginx:1.25\"\n", "agent { docker { image 'maven:3.9' } }",
        "docker.image('maven:3.9').inside {", "{ image: \"quay.io/a/b:v1\" }", "\"image\": \"nginx:1.25\"",
        "sideImage=acme/side:1", "IMAGE := \"acme/side:1\"", "FROM golang:1.23\n", "run quay.io/a/b:v1",
        "spec: containers: [{image: \"a/b@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]",
        "x\n{% if y %}\nimage: nginx:1.25\n{% endif %}"})
    EXPECT_TRUE(holds_image_text(one)) << one;
  for (const char* one :
       {"", "image", "image:\n", "image: {{ image }}", "image: nginx:{{ tag }}", "image: ${IMAGE}:v1",
        "# image: nginx:1.25", "// image = \"nginx:1.25\"", "image = var.image", "the image is nginx:1.25 here",
        "FROM golang\n", "FROM +build\n", "image = \"ami-0123\"", "imagePullPolicy: Always", "host = \"quay.io\""})
    EXPECT_FALSE(holds_image_text(one)) << one;
}

TEST(ForeignFiles, AreReadInTimeByTheirLength) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "image ";
  EXPECT_FALSE(holds_image_text(text));
}

}  // namespace
}  // namespace pinhook::files
