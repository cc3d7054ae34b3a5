#include "support/found_slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

namespace pinhook::files {
namespace {

using test::found_slots;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FindInComposeFile, ReadsTheImageOfEachService) {
  EXPECT_THAT(found_slots(R"(name: shop
services:
  web:
    image: nginx:1.25
    ports: ["80:80"]
  app:
    build: .
    image: ghcr.io/acme/app:dev
  worker:
    build:
    image: ghcr.io/acme/worker:v1
  db:
    image: postgres:${PG_VERSION:-16}
  "mail/out": {image: "Mail Hog"}
  none:
  other: {command: [image]}
volumes:
  image: {}
)",
                          "compose.yaml"),
              ElementsAre("4:12 /services/web/image | service web | web | nginx:1.25 | nginx:1.25",
                          "8:12 /services/app/image | service app | app | ghcr.io/acme/app:dev | (built)",
                          "11:12 /services/worker/image | service worker | worker | ghcr.io/acme/worker:v1 | "
                          "ghcr.io/acme/worker:v1",
                          "13:12 /services/db/image | service db | db | postgres:${PG_VERSION:-16} | (variable)",
                          "14:23 /services/mail~1out/image | service mail/out | mail/out | Mail Hog | (invalid)"));
}

TEST(FindInComposeFile, ReadsContextsThatAreImages) {
  EXPECT_THAT(found_slots(R"(services:
  web:
    build:
      additional_contexts: {base: "docker-image://alpine:3.20", src: ../src}
  app:
    image: acme/app
    build:
      additional_contexts:
        - base=docker-image://debian:12
        - src=../src
  other: {build: .}
)"),
              ElementsAre("4:35 /services/web/build/additional_contexts/base | service web | "
                          "build.additional_contexts | alpine:3.20 | alpine:3.20",
                          "6:12 /services/app/image | service app | app | acme/app | (built)",
                          "9:11 /services/app/build/additional_contexts/0 | service app | build.additional_contexts | "
                          "debian:12 | debian:12"));
}

TEST(FindInComposeFile, ReadsVolumesThatAreImages) {
  EXPECT_THAT(
      found_slots(R"(x-models: &models {type: image, source: "acme/models:3", target: /models}
services:
  web:
    build: .
    volumes:
      - data:/data
      - {type: volume, source: "acme/data:1", target: /other}
      - type: image
        source: acme/models:2
        target: /models
        image: {subpath: en}
      - {type: image, target: /none}
  app: {volumes: [*models], build: .}
)"),
      ElementsAre("1:41 /services/app/volumes/0/source | service app | volumes | acme/models:3 | acme/models:3",
                  "9:17 /services/web/volumes/2/source | service web | volumes | acme/models:2 | acme/models:2"));
}

TEST(FindInComposeFile, FollowsMergeKeysAndAliases) {
  EXPECT_THAT(
      found_slots(R"(x-base: &base
  image: &i ghcr.io/acme/app:v1
  restart: always
services:
  web: {<<: *base, command: web}
  worker:
    <<: *base
    image: ghcr.io/acme/app:v2
  cron: *base
  init: {image: *i}
)"),
      ElementsAre("2:13 /services/web/image | service web | web | ghcr.io/acme/app:v1 | ghcr.io/acme/app:v1",
                  "2:13 /services/cron/image | service cron | cron | ghcr.io/acme/app:v1 | ghcr.io/acme/app:v1",
                  "8:12 /services/worker/image | service worker | worker | ghcr.io/acme/app:v2 | ghcr.io/acme/app:v2",
                  "10:17 /services/init/image | service init | init | ghcr.io/acme/app:v1 | ghcr.io/acme/app:v1"));
}

TEST(FindInComposeFile, IsKnownByItsServices) {
  for (const std::string_view text :
       {"services: [{image: a:1}]\n", "kind: Shop\nservices: {web: {image: a:1}}\n",
        "- services: {web: {image: a:1}}\n", "apiVersion: v1\nservices: {web: {image: a:1}}\n",
        "service: {web: {image: a:1}}\n", "services: image\n"})
    EXPECT_THAT(found_slots(text, "x.yaml"), IsEmpty()) << text;
}

TEST(FindInComposeFile, RefusesDuplicateKeys) {
  EXPECT_THAT(found_slots("services:\n  web:\n    image: a:1\n    image: b:1\n"),
              ElementsAre("malformed: line 4, column 5: duplicate key \"image\""));
  EXPECT_THAT(found_slots("services:\n  web: {image: a:1}\n  web: {image: b:1}\n"),
              ElementsAre("malformed: line 3, column 3: duplicate key \"web\""));
  EXPECT_THAT(found_slots("services: {web: {image: a:1}}\nservices: {}\n"),
              ElementsAre("malformed: line 2, column 1: duplicate key \"services\""));
}

}  // namespace
}  // namespace pinhook::files
