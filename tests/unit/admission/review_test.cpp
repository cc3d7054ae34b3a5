#include <pinhook/admission/review.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/printable.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::admission {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view good =
    R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1","kind":{"group":"apps",)"
    R"("version":"v1","kind":"Deployment"},"subResource":"scale","name":"web","namespace":"shop","operation":"UPDATE",)"
    R"("object":{"a":1},"oldObject":{"b":2},"dryRun":false}})";

std::string with(std::string_view from, std::string_view to) {
  std::string text(good);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Review, DecodesWhatIsNeeded) {
  const auto r = decode_review(good);
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->uid, "u-1");
  EXPECT_EQ(r->group, "apps");
  EXPECT_EQ(r->kind, "Deployment");
  EXPECT_EQ(r->subresource, "scale");
  EXPECT_EQ(r->name, "web");
  EXPECT_EQ(r->ns, "shop");
  EXPECT_EQ(r->operation, pin::operation::update);
  EXPECT_EQ(r->object, R"({"a":1})");
  EXPECT_EQ(r->old_object, R"({"b":2})");
}

TEST(Review, KnowsDryRuns) {
  EXPECT_FALSE(decode_review(good)->is_dry_run);
  EXPECT_TRUE(decode_review(with(R"("dryRun":false)", R"("dryRun":true)"))->is_dry_run);
  EXPECT_FALSE(decode_review(with(R"(,"dryRun":false)", ""))->is_dry_run);
  EXPECT_FALSE(decode_review(with(R"("dryRun":false)", R"("dryRun":"true")"))->is_dry_run);
}

TEST(Review, TakesNullObjectsForNone) {
  const std::string text = with(R"("oldObject":{"b":2})", R"("oldObject":null)");
  EXPECT_TRUE(decode_review(text)->old_object.empty());
}

TEST(Review, NamesTheFieldThatIsWrong) {
  const std::tuple<std::string, const char*> cases[] = {
      {"", "the body is not a JSON object"},
      {"[]", "the body is not a JSON object"},
      {std::string(good) + "x", "unexpected text after the value"},
      {std::string(good.substr(0, good.size() - 1)), "not valid JSON"},
      {"{}", "kind is missing"},
      {with("AdmissionReview", "AdmissionReview2"), "kind is \"AdmissionReview2\""},
      {with("admission.k8s.io/v1", "admission.k8s.io/v1beta1"), "apiVersion is \"admission.k8s.io/v1beta1\""},
      {with(R"("apiVersion":"admission.k8s.io/v1",)", ""), "apiVersion is missing"},
      {R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"})", "request is missing"},
      {R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":[]})",
       "request is missing or not an object"},
      {with(R"("uid":"u-1",)", ""), "request.uid is missing"},
      {with(R"("uid":"u-1")", R"("uid":"")"), "request.uid is missing"},
      {with(R"("uid":"u-1")", R"("uid":7)"), "request.uid is missing or not a string"},
      {with(R"("kind":"Deployment")", R"("kind":null)"), "request.kind.kind is missing"},
      {with(R"("operation":"UPDATE",)", ""), "request.operation is missing"},
      {with("UPDATE", "PATCH"), "request.operation is \"PATCH\""},
      {with(R"("name":"web")", R"("name":"\x")"), "invalid escape"},
      {with(R"("uid":"u-1")", R"("uid":"u-1","uid":"u-2")"), "duplicate key"},
      {with(R"("object":{"a":1})", R"("object":{"a":1},"object":{"a":2})"), "duplicate key"},
      {with(R"("dryRun":false)", R"("operation":"DELETE")"), "duplicate key"},
  };
  for (const auto& [text, why] : cases) {
    const auto r = decode_review(text);
    ASSERT_FALSE(r) << text;
    EXPECT_EQ(r.error().code, error_code::invalid_input);
    EXPECT_NE(r.error().message.find(why), std::string::npos) << r.error().message;
  }
}

TEST(Review, ItsHeadIsWhatStandsBeforeTheObjects) {
  const std::string type = R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",)";
  const std::string before =
      R"("request":{"uid":"u","kind":{"group":"apps","version":"v1","kind":"Deployment"},"subResource":"s",)"
      R"("name":"web","namespace":"shop","operation":"UPDATE","userInfo":{"username":"a"})";
  // What is behind need not even be there.
  for (const char* rest : {R"(,"object":{"a":1},"dryRun":true}})", R"(,"object":{"a)", R"(,"oldObject":)", "}}"}) {
    const auto head = read_review_head(type + before + rest);
    ASSERT_TRUE(head) << rest;
    EXPECT_EQ(head->uid, "u");
    EXPECT_EQ(head->group, "apps");
    EXPECT_EQ(head->kind, "Deployment");
    EXPECT_EQ(head->subresource, "s");
    EXPECT_EQ(head->name, "web");
    EXPECT_EQ(head->ns, "shop");
    EXPECT_EQ(head->operation, pin::operation::update);
    EXPECT_EQ(head->object, "");
    EXPECT_FALSE(head->is_dry_run);
  }
  const std::string space(max_head_size, ' ');
  for (const std::string& body :
       {std::string(), std::string("["), type, type + before, "{" + before + "}}", type + R"("request":[]})",
        type + R"("request":{"object":{},"uid":"u","kind":{"kind":"Pod"},"operation":"CREATE"}})",
        type + R"("request":{"uid":"u","uid":"v","kind":{"kind":"Pod"},"operation":"CREATE","object":{}}})",
        type + R"("request":{"uid":"u","kind":{"kind":"Pod"},"operation":"PATCH","object":{}}})",
        R"({"kind":"Pod","apiVersion":"admission.k8s.io/v1",)" + before + "}}", type + space + before + "}}"})
    EXPECT_FALSE(read_review_head(body)) << body.substr(0, 200);
}

TEST(Review, LimitsTheUid) {
  EXPECT_TRUE(decode_review(with("u-1", std::string(max_uid_size, 'u'))));
  EXPECT_FALSE(decode_review(with("u-1", std::string(max_uid_size + 1, 'u'))));
}

TEST(Review, AnUnchangedAnswerIsShort) {
  EXPECT_EQ(encode_review("u-1", {}),
            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1","allowed":true}})");
}

TEST(Review, EncodesEveryPartOfAnAnswer) {
  answer a;
  a.is_allowed = false;
  a.status = {503, "ServiceUnavailable", {"the \"registry\" is away", "Help: ask"}};
  a.patch = "[]";
  a.warnings = {{"one"}, {"two"}};
  a.audit = {{"pins", "a"}, {"skipped", "b"}};
  EXPECT_EQ(
      encode_review("u\"1", a),
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u\"1","allowed":false,)"
      R"("status":{"status":"Failure","code":503,"reason":"ServiceUnavailable","message":"the \"registry\" is away\nHelp: ask"},)"
      R"("patchType":"JSONPatch","patch":"W10=","warnings":["one","two"],"auditAnnotations":{"pins":"a","skipped":"b"}}})");
}

// The breaks between lines are the only control characters that reach a terminal, whoever wrote a line.
TEST(Review, ALineOfARefusalStaysALine) {
  for (const std::string_view text : {"a\nb", "a\r\nb", "a\tb", "a\x1b[2Jb",
                                      "a\x7f"
                                      "b",
                                      "a\xc2\x85"
                                      "b",
                                      "a\xe2\x80\xa8"
                                      "b",
                                      "a\xe2\x80\xae"
                                      "b",
                                      "a\xff"
                                      "b"}) {
    answer a;
    a.is_allowed = false;
    a.status.lines = {std::string(text), "Help: ask"};
    const auto parsed = json::parse(encode_review("u", a));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(json::find_string((*parsed)["response"]["status"], "message"), printable(text) + "\nHelp: ask");
  }
}

TEST(Review, BoundsWhatItSays) {
  answer a;
  a.is_allowed = false;
  a.status.lines = {std::string(max_message_size + 1, 'm'), "one more"};
  for (std::size_t i = 0; i < max_warnings + 2; ++i)
    a.warnings.push_back({fmt::format("{} {}", i, std::string(2 * max_warning_size, 'w'))});
  a.audit = {{"pins", std::string(max_message_size + 1, 'p')}};
  const auto parsed = json::parse(encode_review("u", a));
  ASSERT_TRUE(parsed);
  const auto& response = (*parsed)["response"];
  EXPECT_EQ(json::find_string(response["status"], "message")->size(), max_message_size);
  EXPECT_EQ(json::find_string(response["auditAnnotations"], "pins")->size(), max_message_size);
  ASSERT_EQ(response["warnings"].Size(), max_warnings);
  for (const auto& w : response["warnings"].GetArray()) EXPECT_LE(w.GetStringLength(), max_warning_size);
  EXPECT_EQ(json::text_of(response["warnings"][max_warnings - 1]), "and 3 more warnings");
}

// Texts that are kept as keys, in log lines and in labels of metrics.
TEST(DecodeReview, TextsThatAreKeptHaveSizes) {
  const auto review_with = [](std::string_view ns, std::string_view name, std::string_view group, std::string_view kind,
                              std::string_view subresource) {
    return fmt::format(
        R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u","kind":{{"group":"{}","version":"v1","kind":"{}"}},"subResource":"{}","namespace":"{}","name":"{}","operation":"CREATE","object":{{}}}}}})",
        group, kind, subresource, ns, name);
  };
  const std::string longest(max_request_name, 'x');
  EXPECT_TRUE(decode_review(review_with(std::string(max_request_namespace, 'n'), longest, longest, longest, longest)));
  const struct {
    std::string body;
    const char* field;
  } cases[]{
      {review_with(std::string(max_request_namespace + 1, 'n'), "", "", "Pod", ""),
       "request.namespace is longer than 63"},
      {review_with("", longest + "x", "", "Pod", ""), "request.name is longer than 253"},
      {review_with("", "", longest + "x", "Pod", ""), "request.kind.group is longer than 253"},
      {review_with("", "", "", longest + "x", ""), "request.kind.kind is longer than 253"},
      {review_with("", "", "", "Pod", longest + "x"), "request.subResource is longer than 253"},
  };
  for (const auto& c : cases) {
    std::string padded = c.body + std::string(32, ' ');
    const auto read = decode_review(std::string_view(padded).substr(0, c.body.size()));
    ASSERT_FALSE(read) << c.field;
    EXPECT_EQ(read.error().code, error_code::invalid_input);
    EXPECT_THAT(read.error().message, HasSubstr(c.field));
  }
}

}  // namespace
}  // namespace pinhook::admission
