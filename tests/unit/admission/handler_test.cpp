#include <pinhook/admission/handler.hpp>

#include "support/handler_fixture.hpp"
#include "support/json_patch_apply.hpp"

#include <pinhook/admission/review.hpp>
#include <pinhook/base/json_writer.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::admission {
namespace {

using kind = slot_outcome::kind;
using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::EndsWith;
using testing::review_of;
using testing::sha;
using ::testing::StartsWith;

struct Handler : testing::handler_fixture {};

TEST_F(Handler, PinsANewDeployment) {
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'), resolve::origin::cache);
  const verdict v = ask(review_of(deployment(container("web", "nginx:1.25"))));
  EXPECT_EQ(v.outcome, outcome::pinned);
  EXPECT_TRUE(field("allowed").GetBool());
  EXPECT_EQ(json::text_of(field("uid")), "u-1");
  EXPECT_EQ(json::text_of(field("patchType")), "JSONPatch");
  EXPECT_EQ(patch(),
            fmt::format(R"([{{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"nginx@{0}"}},)"
                        R"({{"op":"add","path":"/metadata/annotations","value":{{}}}},)"
                        R"({{"op":"add","path":"/metadata/annotations/pinhook.dev~1pins",)"
                        R"("value":"{{\"docker.io/library/nginx:1.25\":\"{0}\"}}"}}])",
                        sha('a')));
  EXPECT_EQ(json::text_of(field("auditAnnotations")["pins"]), "web: nginx:1.25 -> nginx@" + sha('a'));
  ASSERT_EQ(v.slots.size(), 1U);
  EXPECT_EQ(v.slots[0].status, kind::pinned);
  EXPECT_EQ(v.slots[0].container, "web");
  EXPECT_EQ(v.slots[0].from, "nginx:1.25");
  EXPECT_EQ(v.slots[0].to, "nginx@" + sha('a'));
  EXPECT_EQ(v.slots[0].source, "cache");
  EXPECT_EQ(v.kind, "Deployment");
  EXPECT_EQ(v.group, "apps");
  EXPECT_EQ(v.ns, "shop");
  EXPECT_EQ(v.name, "web");
  EXPECT_EQ(v.operation, "CREATE");
}

TEST_F(Handler, AsksOnceForSlotsThatMeanTheSame) {
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
  ask(review_of(deployment(container("a", "nginx:1.25") + "," + container("b", "docker.io/library/nginx:1.25"))));
  EXPECT_EQ(tags->asked(), (std::vector<std::string>{"docker.io/library/nginx:1.25"}));
  EXPECT_EQ(tags->queries()[0].identity, "operator");
  EXPECT_NE(patch().find("docker.io/library/nginx@"), std::string::npos);
}

TEST_F(Handler, NothingToDoAsksNobody) {
  const verdict v = ask(review_of(deployment(container("web", "nginx@" + sha('a')))));
  EXPECT_EQ(v.outcome, outcome::unchanged);
  EXPECT_EQ(v.body, encode_review("u-1", {}));
  EXPECT_TRUE(tags->asked().empty());
  EXPECT_EQ(credentials->asked(), 0);
}

TEST_F(Handler, DeniesAllWhenOneFails) {
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
  tags->fails("docker.io/library/redis:7", {error_code::unavailable, "no connection", {}});
  tags->fails("docker.io/library/nope:1", {error_code::not_found, "MANIFEST_UNKNOWN", {}});
  const verdict v = ask(review_of(deployment(container("web", "nginx:1.25") + "," + container("cache", "redis:7") +
                                             "," + container("x", "nope:1") + "," + container("y", "Wrong"))));
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_FALSE(field("allowed").GetBool());
  EXPECT_FALSE(has("patch"));
  EXPECT_EQ(field("status")["code"].GetInt(), 403);
  EXPECT_EQ(json::text_of(field("status")["reason"]), "Forbidden");
  const std::string message(json::text_of(field("status")["message"]));
  ASSERT_EQ(lines().size(), 5U) << message;
  EXPECT_EQ(lines()[0], "pinhook cannot pin 3 of 4 images:");
  EXPECT_THAT(lines()[1], StartsWith("- container cache, image \"redis:7\": no connection. Try again"));
  EXPECT_EQ(lines()[2], "- container x, image \"nope:1\": MANIFEST_UNKNOWN. Check the name and the tag");
  EXPECT_THAT(lines()[3], StartsWith("- container y, image \"Wrong\""));
  EXPECT_EQ(
      lines()[4],
      "Namespace shop is labelled pinhook.dev/pin=enforce: an image that cannot be pinned to its digest, or breaks "
      "a rule, is refused");
  for (const slot_outcome& s : v.slots) EXPECT_EQ(s.to, "");
}

TEST_F(Handler, ADenialSaysWhetherAnotherTryMayHelp) {
  const std::tuple<error_code, int, const char*> cases[] = {{error_code::unavailable, 503, "ServiceUnavailable"},
                                                            {error_code::rate_limited, 503, "ServiceUnavailable"},
                                                            {error_code::timed_out, 504, "Timeout"},
                                                            {error_code::internal, 500, "InternalError"},
                                                            {error_code::denied, 403, "Forbidden"}};
  for (const auto& [code, status, reason] : cases) {
    tags->fails("docker.io/library/nginx:1.25", {code, "why", {}});
    ask(review_of(deployment(container("web", "nginx:1.25"))));
    EXPECT_EQ(field("status")["code"].GetInt(), status);
    EXPECT_EQ(json::text_of(field("status")["reason"]), reason);
  }
}

TEST_F(Handler, BestEffortPinsWhatItCan) {
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
  const verdict v = ask(review_of(deployment(container("web", "nginx:1.25") + "," + container("x", "nope:1"))),
                        pin::mode::best_effort);
  EXPECT_EQ(v.outcome, outcome::pinned);
  EXPECT_NE(patch().find("containers/0/image"), std::string::npos);
  EXPECT_EQ(patch().find("containers/1/image"), std::string::npos);
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_THAT(warnings()[0], StartsWith("not pinned: "));
  EXPECT_THAT(warnings()[0], EndsWith(". Check the name and the tag (container x, image nope:1)"));
  EXPECT_EQ(json::text_of(field("auditAnnotations")["skipped"]), "x: " + v.slots[1].source);
  EXPECT_EQ(v.slots[1].status, kind::failed);
}

TEST_F(Handler, AuditSaysWhatWouldBe) {
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
  const verdict v =
      ask(review_of(deployment(container("web", "nginx:1.25") + "," + container("x", "nope:1"))), pin::mode::audit);
  EXPECT_EQ(v.outcome, outcome::audited);
  EXPECT_TRUE(field("allowed").GetBool());
  EXPECT_FALSE(has("patch"));
  ASSERT_EQ(warnings().size(), 2U);
  EXPECT_THAT(warnings()[0], StartsWith("would not be pinned: "));
  EXPECT_EQ(warnings()[1], "would be pinned to sha256:aaaaaaaaaaaa (container web, image nginx:1.25)");
  EXPECT_EQ(v.slots[0].to, "");
}

TEST_F(Handler, KeepsAndSaysWhenTheTagMoved) {
  const std::string record = fmt::format(
      R"("name":"web","annotations":{{"pinhook.dev/pins":"{{\"docker.io/library/nginx:1.25\":\"{}\"}}"}})", sha('a'));
  const std::string old_object = deployment(container("web", "nginx@" + sha('a')), record);
  tags->knows("docker.io/library/nginx:1.25", digest_of_digit('b'));
  const verdict v = ask(review_of(deployment(container("web", "nginx:1.25"), record), old_object));
  EXPECT_TRUE(tags->asked().empty());
  EXPECT_EQ(v.slots.at(0).status, kind::kept);
  EXPECT_EQ(v.slots.at(0).source, "recorded");
  EXPECT_EQ(patch(),
            fmt::format(R"([{{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"nginx@{}"}}])",
                        sha('a')));
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_EQ(warnings()[0],
            "the tag moved to sha256:bbbbbbbbbbbb; kept sha256:aaaaaaaaaaaa: annotation "
            "pinhook.dev/refresh takes it (container web, image nginx:1.25)");
}

TEST_F(Handler, RefreshGoesPastTheCache) {
  const auto metadata = [](std::string_view refresh) {
    return fmt::format(
        R"("name":"web","annotations":{{"pinhook.dev/refresh":"{}","pinhook.dev/pins":"{{\"docker.io/library/nginx:1.25\":\"{}\"}}"}})",
        refresh, sha('a'));
  };
  const std::string pinned = container("web", "nginx@" + sha('a'));
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('b'));
  ask(review_of(deployment(pinned, metadata("2")), deployment(pinned, metadata("1"))));
  ASSERT_EQ(tags->queries().size(), 1U);
  EXPECT_EQ(tags->queries()[0].want, resolve::freshness::refreshed);
  EXPECT_NE(patch().find("nginx@" + sha('b')), std::string::npos);
  EXPECT_NE(patch().find(R"({"op":"replace","path":"/metadata/annotations/pinhook.dev~1pins")"), std::string::npos);
}

TEST_F(Handler, RefreshThatFindsTheSameDigestChangesNothing) {
  const auto metadata = [](std::string_view refresh) {
    return fmt::format(
        R"("annotations":{{"pinhook.dev/refresh":"{}","pinhook.dev/pins":"{{\"docker.io/library/nginx:1.25\":\"{}\"}}"}})",
        refresh, sha('a'));
  };
  const std::string pinned = container("web", "nginx:1.25@" + sha('a'));
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
  const verdict v = ask(review_of(deployment(pinned, metadata("2")), deployment(pinned, metadata("1"))));
  EXPECT_EQ(v.outcome, outcome::unchanged);
  EXPECT_EQ(v.slots.at(0).source, "same_digest");
  EXPECT_EQ(v.body, encode_review("u-1", {}));
}

TEST_F(Handler, WritesTheTagToo) {
  policy.format = pin::pin_format::tag_and_digest;
  tags->holds("docker.io/library/nginx:latest", digest_of_digit('a'));
  ask(review_of(deployment(container("web", "nginx"))));
  EXPECT_NE(patch().find("\"nginx:latest@" + sha('a')), std::string::npos);
}

TEST_F(Handler, NamesAnObjectByGenerateName) {
  std::string body = review_of(deployment(container("web", "nginx@" + sha('a')), R"("generateName":"web-")"));
  body.replace(body.find(R"("name":"web","operation")"), 13, "");
  EXPECT_EQ(ask(body).name, "web-");
}

TEST_F(Handler, AnswersWith400) {
  const std::string cases[] = {"",
                               "{}",
                               review_of("null"),
                               review_of("[]"),
                               review_of(R"({"metadata":{},"metadata":{}})"),
                               review_of(deployment(container("a", "b:1")), "[]")};
  for (const std::string& body : cases) {
    const verdict v = ask(body);
    EXPECT_EQ(v.http_status, 400U) << body;
    EXPECT_EQ(v.outcome, outcome::bad_request);
    EXPECT_EQ(v.content_type, "text/plain; charset=utf-8");
    EXPECT_TRUE(v.body.starts_with("invalid AdmissionReview: ")) << v.body;
  }
  // An update whose objects cannot be compared is not let through.
  std::string update = review_of(deployment(container("a", "b:1")), "{}");
  update.replace(update.find(R"("oldObject":{})"), 14, R"("oldObject":null)");
  EXPECT_EQ(ask(update).http_status, 400U);
}

TEST_F(Handler, ADeletionHasNoObject) {
  std::string body = review_of("null", deployment(container("a", "b:1")));
  body.replace(body.find("UPDATE"), 6, "DELETE");
  EXPECT_EQ(ask(body).body, encode_review("u-1", {}));
}

TEST_F(Handler, RunningAgainChangesNothing) {
  tags->holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
  tags->holds("docker.io/library/redis:7", digest_of_digit('b'));
  const std::string object = deployment(container("web", "nginx:1.25") + "," + container("cache", "redis:7"));
  ask(review_of(object));
  const auto patched = testing::apply_json_patch(*json::parse(object), *json::parse(patch()));
  ASSERT_TRUE(patched);
  EXPECT_EQ(ask(review_of(json::to_text(*patched))).body, encode_review("u-1", {}));
}

TEST_F(Handler, ALongDenialIsBounded) {
  std::string containers;
  for (int i = 0; i < 200; ++i)
    containers +=
        (i == 0 ? "" : ",") + container(fmt::format("c{}", i), fmt::format("registry.example.com/nope:{}", i));
  ask(review_of(deployment(containers)));
  const std::string message(json::text_of(field("status")["message"]));
  EXPECT_LE(message.size(), max_message_size);
  EXPECT_NE(message.find("200 of 200 images"), std::string::npos);
  EXPECT_NE(message.find(" more"), std::string::npos);
}

TEST_F(Handler, RefusesAWrongPolicyAtStart) {
  policy.kinds = {{"example.com", "Fleet", {"spec[0]"}}};
  EXPECT_THROW(rulebook{policy}, std::invalid_argument);
}

}  // namespace
}  // namespace pinhook::admission
