// The tenant whose credentials are used for an object's images.
#include "support/fake_proof_source.hpp"
#include "support/fake_resolver.hpp"
#include "support/fake_tenant_credentials.hpp"
#include "support/run.hpp"

#include <pinhook/admission/failure.hpp>
#include <pinhook/admission/handler.hpp>
#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/lookup_allowance.hpp>
#include <pinhook/pin/pod_spec.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::admission {
namespace {

using registry::tenant;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using testing::fake_credentials;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string api_image = R"("containers":[{"name":"api","image":"r.io/api:1"}])";

std::string review_of(const std::string& object, const std::string& kind = "Pod", const std::string& group = "",
                      const std::string& old_object = "null") {
  return fmt::format(
      R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u","kind":{{"group":"{}","version":"v1","kind":"{}"}},)"
      R"("namespace":"shop","name":"web","operation":"{}","object":{},"oldObject":{}}}}})",
      group, kind, old_object == "null" ? "CREATE" : "UPDATE", object, old_object);
}
std::string pod(const std::string& spec) {
  return R"({"metadata":{"name":"web","namespace":"elsewhere"},"spec":{)" + spec + "}}";
}

// A source of which not everything could be read.
class troubled_source final : public registry::credential_source {
 public:
  explicit troubled_source(std::vector<error> all) : all_(std::move(all)) {}
  [[nodiscard]] std::string identity_for(const registry::reference&) const override { return "anonymous"; }
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference, deadline) override {
    co_return std::vector<registry::credential>{};
  }
  [[nodiscard]] std::vector<error> troubles() const override { return all_; }

 private:
  std::vector<error> all_;
};

struct AdmissionTenants : ::testing::Test {
  std::shared_ptr<testing::fake_resolver> tags = std::make_shared<testing::fake_resolver>();
  std::shared_ptr<testing::fake_tenant_credentials> tenants = std::make_shared<testing::fake_tenant_credentials>();
  pin::policy policy;

  AdmissionTenants() { tags->holds("r.io/api:1", digest_of_digit('a')); }
  verdict ask(const std::string& body, pin::mode mode = pin::mode::enforce) {
    const handler h(tags, tenants, std::make_shared<const rulebook>(policy));
    return testing::run(h.handle(body, mode, deadline::never()));
  }
  std::vector<tenant> asked_by(const std::string& spec) {
    EXPECT_EQ(ask(review_of(pod(spec))).http_status, 200U);
    return tenants->asked();
  }
};

TEST_F(AdmissionTenants, AreTheRequestsNamespaceAndWhatThePodSpecSays) {
  EXPECT_THAT(asked_by(R"("serviceAccountName":"builder","imagePullSecrets":[{"name":"b"},{"name":"a"}],)" + api_image),
              ElementsAre(tenant{"shop", "builder", {"b", "a"}}));
}

TEST_F(AdmissionTenants, KeysMayStandBehindTheContainers) {
  EXPECT_THAT(asked_by(api_image + R"(,"imagePullSecrets":[{"name":"a"}],"serviceAccountName":"builder")"),
              ElementsAre(tenant{"shop", "builder", {"a"}}));
}

TEST_F(AdmissionTenants, TheDeprecatedServiceAccountCountsWithoutTheOther) {
  EXPECT_THAT(asked_by(R"("serviceAccount":"old",)" + api_image), ElementsAre(tenant{"shop", "old", {}}));
  EXPECT_THAT(asked_by(R"("serviceAccount":"old","serviceAccountName":"new",)" + api_image).back(),
              (tenant{"shop", "new", {}}));
  EXPECT_THAT(asked_by(R"("serviceAccount":"old","serviceAccountName":"",)" + api_image).back(),
              (tenant{"shop", "old", {}}));
}

TEST_F(AdmissionTenants, WhatIsNoNameIsNone) {
  for (const std::string keys :
       {R"("imagePullSecrets":null,"serviceAccountName":null,)", R"("imagePullSecrets":{"name":"a"},)",
        R"("imagePullSecrets":[],"serviceAccountName":5,)",
        R"("imagePullSecrets":[{},null,"a",{"name":""},{"name":5}],)",
        R"("imagePullSecrets":"a","serviceAccount":["b"],)"})
    EXPECT_EQ(asked_by(keys + api_image).back(), (tenant{"shop", "", {}})) << keys;
}

TEST_F(AdmissionTenants, SecretsThatStandTwiceCountOnce) {
  EXPECT_THAT(asked_by(R"("imagePullSecrets":[{"name":"a"},{"name":"b"},{"name":"a"}],)" + api_image),
              ElementsAre(tenant{"shop", "", {"a", "b"}}));
}

TEST_F(AdmissionTenants, KeysThatStandTwiceAreRefused) {
  for (const std::string keys :
       {R"("serviceAccountName":"a","serviceAccountName":"a",)", R"("imagePullSecrets":[],"imagePullSecrets":[],)",
        R"("serviceAccount":"a","serviceAccoun\u0074":"b",)", R"("imagePullSecrets":[{"name":"a","name":"b"}],)"}) {
    const verdict v = ask(review_of(pod(keys + api_image)));
    EXPECT_EQ(v.http_status, 400U) << keys;
    EXPECT_THAT(v.body, HasSubstr("duplicate key"));
  }
  EXPECT_THAT(tags->asked(), IsEmpty());
}

TEST_F(AdmissionTenants, PullSecretsThatAreNoJsonAreRefused) {
  const verdict v = ask(review_of(pod(R"("imagePullSecrets":[{"name":"a" "b"}],)" + api_image)));
  EXPECT_EQ(v.http_status, 400U);
}

TEST_F(AdmissionTenants, OnlySoManySecretsCount) {
  std::string list;
  for (std::size_t i = 0; i < pin::max_pull_secrets; ++i) list += fmt::format(R"({{"name":"s{}"}},)", i);
  const auto keys = [](std::string all) {
    all.pop_back();
    return R"("imagePullSecrets":[)" + all + "],";
  };
  const verdict all = ask(review_of(pod(keys(list) + api_image)));
  EXPECT_EQ(tenants->asked().back().pull_secrets.size(), pin::max_pull_secrets);
  EXPECT_THAT(all.body, Not(HasSubstr("only the first")));
  const verdict more = ask(review_of(pod(keys(list + R"({"name":"more"},)") + api_image)));
  EXPECT_EQ(tenants->asked().back().pull_secrets.size(), pin::max_pull_secrets);
  EXPECT_THAT(more.body, HasSubstr("only the first 32 pull secrets of a pod spec are used"));
}

TEST_F(AdmissionTenants, ANameThatIsTooLongIsNone) {
  const std::string most(pin::max_object_name_size, 'a');
  const auto keys = [](const std::string& name) {
    return fmt::format(R"("imagePullSecrets":[{{"name":"{0}"}}],"serviceAccountName":"{0}",)", name);
  };
  EXPECT_EQ(asked_by(keys(most) + api_image).back(), (tenant{"shop", most, {most}}));
  EXPECT_EQ(asked_by(keys(most + "a") + api_image).back(), (tenant{"shop", "", {}}));
}

TEST_F(AdmissionTenants, NothingToLookUpReadsNothing) {
  const std::string pinned =
      fmt::format(R"("imagePullSecrets":[{{"name":"a"}}],"containers":[{{"name":"api","image":"r.io/api@{}"}}])",
                  digest_of_digit('b').to_string());
  EXPECT_EQ(ask(review_of(pod(pinned))).outcome, outcome::unchanged);
  EXPECT_THAT(tenants->asked(), IsEmpty());
}

std::string job_set(const std::vector<std::string>& specs) {
  std::string all;
  for (const auto& spec : specs) all += R"({"template":{"spec":{"template":{"spec":{)" + spec + "}}}}},";
  all.pop_back();
  return R"({"metadata":{"name":"web"},"spec":{"replicatedJobs":[)" + all + "]}}";
}

TEST_F(AdmissionTenants, SlotsShareALookUpOnlyWithinATenant) {
  tenants->set({"shop", "", {"a"}}, fake_credentials::make("of a"));
  tenants->set({"shop", "", {"b"}}, fake_credentials::make("of b"));
  const std::string a = R"("imagePullSecrets":[{"name":"a"}],)" + api_image;
  const std::string b = R"("imagePullSecrets":[{"name":"b"}],)" + api_image;
  ask(review_of(job_set({a, b, a}), "JobSet", "jobset.x-k8s.io"));
  EXPECT_THAT(tenants->asked(), ElementsAre(tenant{"shop", "", {"a"}}, tenant{"shop", "", {"b"}}));
  const auto queries = tags->queries();
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_EQ(queries[0].identity, "of a");
  EXPECT_EQ(queries[0].owner, "shop") << "on the account of the namespace";
  EXPECT_EQ(queries[1].identity, "of b");
}

TEST_F(AdmissionTenants, AreLimited) {
  std::vector<std::string> specs;
  for (std::size_t i = 0; i < max_tenants; ++i)
    specs.push_back(fmt::format(R"("serviceAccountName":"a{}",)", i) + api_image);
  EXPECT_EQ(ask(review_of(job_set(specs), "JobSet", "jobset.x-k8s.io")).http_status, 200U);
  EXPECT_EQ(tenants->asked().size(), max_tenants);
  specs.push_back(R"("serviceAccountName":"one-more",)" + api_image);
  const verdict v = ask(review_of(job_set(specs), "JobSet", "jobset.x-k8s.io"));
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_THAT(v.body, HasSubstr("it has more than 16 different sets of service account and pull secrets"));
  EXPECT_EQ(tenants->asked().size(), max_tenants) << "none is asked for";
}

TEST_F(AdmissionTenants, LoneContainersAndImagesAreTheNamespacesDefaults) {
  policy.kinds.push_back({"example.io", "Thing", {"spec.image"}});
  ask(review_of(R"({"metadata":{"name":"t"},"spec":{"image":"r.io/api:1","serviceAccountName":"x"}})", "Thing",
                "example.io"));
  ask(review_of(R"({"metadata":{"name":"t"},"spec":{"steps":[{"name":"a","image":"r.io/api:1"}]}})", "Task",
                "tekton.dev"));
  EXPECT_THAT(tenants->asked(), ElementsAre(tenant{"shop", "", {}}, tenant{"shop", "", {}}));
}

TEST_F(AdmissionTenants, ObjectsOfUnknownKindsAreReadToo) {
  ask(review_of(R"({"metadata":{"name":"t"},"spec":{"a":[{"b":{"imagePullSecrets":[{"name":"s"}],)" + api_image +
                    R"(,"serviceAccountName":"x"}}]}})",
                "Thing", "example.io"));
  EXPECT_THAT(tenants->asked(), ElementsAre(tenant{"shop", "x", {"s"}}));
}

// `keep` makes no request: the held credentials and digests are enough for a warning.
TEST_F(AdmissionTenants, KeptPinsReadNothing) {
  const std::string template_of = R"({"spec":{)" + api_image + "}}";
  const auto deployment = [&](const std::string& metadata, const std::string& labels) {
    return R"({"metadata":{"name":"web")" + metadata + R"(},"spec":{"template":{"metadata":{"labels":{)" + labels +
           R"(}},"spec":{)" + api_image + "}}}}";
  };
  const std::string recorded = fmt::format(R"(,"annotations":{{"pinhook.dev/pins":"{{\"r.io/api:1\":\"{}\"}}"}})",
                                           digest_of_digit('b').to_string());
  tags->knows("r.io/api:1", digest_of_digit('c'));
  const std::string body =
      review_of(deployment(recorded, R"("v":"2")"), "Deployment", "apps", deployment(recorded, R"("v":"1")"));
  const verdict unknown = ask(body);
  ASSERT_EQ(unknown.slots.size(), 1U);
  EXPECT_EQ(unknown.slots[0].status, slot_outcome::kind::kept);
  EXPECT_THAT(unknown.body, Not(HasSubstr("moved to"))) << "no credentials are held";
  tenants->set({"shop", "", {}}, fake_credentials::make("held"));
  EXPECT_THAT(ask(body).body, HasSubstr("moved to"));
  EXPECT_THAT(tenants->asked(), IsEmpty());
}

// The advice is for the Pod that is refused: its service account, and the pull secrets that it has.
TEST_F(AdmissionTenants, ADenialNamesTheServiceAccountThatNeedsAPullSecret) {
  tags->fails("r.io/api:1", {error_code::unauthorized, "r.io says no", std::nullopt});
  const std::string page = "; see https://kubernetes.io/docs/";
  EXPECT_THAT(
      ask(review_of(pod(api_image))).body,
      HasSubstr("r.io says no. Check the name; for a private image, add imagePullSecrets to the Pod or to service "
                "account default" +
                page));
  EXPECT_THAT(ask(review_of(pod(R"("serviceAccountName":"builder",)" + api_image))).body,
              HasSubstr("to the Pod or to service account builder" + page));
  EXPECT_THAT(ask(review_of(pod(R"("imagePullSecrets":[{"name":"a"}],)" + api_image))).body,
              HasSubstr("Check the name, and the imagePullSecrets of the Pod and of service account default" + page));
  const std::string warned = ask(review_of(pod(api_image)), pin::mode::best_effort).body;
  EXPECT_THAT(warned, HasSubstr("add imagePullSecrets to the Pod or to service account default (container api"));
  EXPECT_THAT(warned, Not(HasSubstr("https://"))) << "a warning has no room for the page";
}

TEST_F(AdmissionTenants, ADenialSaysWhatCouldNotBeRead) {
  tenants->set({"shop", "", {}},
               std::make_shared<troubled_source>(std::vector<error>{
                   {error_code::not_found, "pull secret regcred of namespace shop: not found", std::nullopt}}));
  tags->fails("r.io/api:1", {error_code::unauthorized, "r.io says no", std::nullopt});
  const verdict v = ask(review_of(pod(api_image)));
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_THAT(v.body, HasSubstr("r.io says no; pull secret regcred of namespace shop: not found"));
  EXPECT_THAT(v.body, HasSubstr(R"("code":403)"));
}

TEST_F(AdmissionTenants, ATroubleThatPassesMakesARefusalPass) {
  tenants->set({"shop", "", {}},
               std::make_shared<troubled_source>(std::vector<error>{
                   {error_code::timed_out, "pull secret regcred of namespace shop: no answer in time", std::nullopt}}));
  tags->fails("r.io/api:1", {error_code::not_found, "r.io knows no such image", std::nullopt});
  const verdict v = ask(review_of(pod(api_image)));
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_THAT(v.body, HasSubstr(R"("code":503)"));
}

error trouble(error_code code, std::string message) { return {code, std::move(message), std::nullopt}; }

TEST(WithTroubles, KeepsWhatIsNoRefusal) {
  const std::vector<error> late{trouble(error_code::timed_out, "late")};
  const std::vector<error> gone{trouble(error_code::not_found, "gone")};
  for (const auto code : {error_code::unauthorized, error_code::denied, error_code::not_found}) {
    EXPECT_EQ(with_troubles(trouble(code, "x"), late).code, error_code::unavailable);
    EXPECT_EQ(with_troubles(trouble(code, "x"), gone).code, code);
    EXPECT_EQ(with_troubles(trouble(code, "x"), {}), trouble(code, "x"));
  }
  for (const auto code : {error_code::rate_limited, error_code::timed_out, error_code::unsupported})
    EXPECT_EQ(with_troubles(trouble(code, "x"), late), trouble(code, "x; late"));
}

TEST(WithTroubles, IsBounded) {
  const std::vector<error> many(40, trouble(error_code::not_found, std::string(1000, 't')));
  const error got = with_troubles(trouble(error_code::denied, std::string(5000, 'r')), many);
  EXPECT_LT(got.message.size(), 520U);
  EXPECT_TRUE(got.message.starts_with("rrr"));
  EXPECT_TRUE(got.message.ends_with("; and 38 more")) << got.message;
}

// Lets a number of look-ups begin.
class fake_allowance final : public lookup_allowance {
 public:
  explicit fake_allowance(int left) : left_(left) {}
  bool begin(const std::string& ns) override {
    EXPECT_EQ(ns, "shop");
    return left_-- > 0;
  }
  void end(const std::string& ns, bool found_nothing) override {
    EXPECT_EQ(ns, "shop");
    ended.push_back(found_nothing);
  }
  [[nodiscard]] error refusal() const override { return {error_code::rate_limited, "used up", std::nullopt}; }
  std::vector<bool> ended;

 private:
  int left_;
};

struct AdmissionAllowance : AdmissionTenants {
  const tenant owner{"shop", "", {}};
  const std::string two_images =
      R"("containers":[{"name":"api","image":"r.io/api:1"},{"name":"other","image":"r.io/none:1"}])";

  AdmissionAllowance() { tenants->set(owner, fake_credentials::make("shop")); }
  verdict ask_with(lookup_allowance& allowed, const std::string& spec) {
    const handler h(tags, tenants, std::make_shared<const rulebook>(policy));
    return testing::run(h.handle(review_of(pod(spec)), pin::mode::best_effort, deadline::never(), &allowed));
  }
};

TEST_F(AdmissionAllowance, CountsWhatTheCacheDoesNotHold) {
  fake_allowance allowed(100);
  ask_with(allowed, two_images);
  EXPECT_THAT(allowed.ended, ElementsAre(false, true)) << "one is found, one is not";
  allowed.ended.clear();
  tags->knows("r.io/api:1", digest_of_digit('a'));
  ask_with(allowed, api_image);
  EXPECT_THAT(allowed.ended, IsEmpty());
}

TEST_F(AdmissionAllowance, BeyondItNothingIsLookedUpAndTheModeDecides) {
  fake_allowance allowed(1);
  const verdict v = ask_with(allowed, two_images);
  EXPECT_THAT(tags->asked(), ElementsAre("r.io/api:1"));
  EXPECT_EQ(v.outcome, outcome::pinned);
  EXPECT_THAT(v.body, HasSubstr("used up"));
  EXPECT_THAT(v.body, HasSubstr(R"("allowed":true)"));
}

TEST_F(AdmissionAllowance, SecretsThatAreNotHeldAreNotReadBeyondIt) {
  tenants->set(owner, fake_credentials::make("shop"), false);
  fake_allowance none(0);
  EXPECT_THAT(ask_with(none, api_image).body, HasSubstr("used up"));
  EXPECT_THAT(tenants->asked(), IsEmpty());
  EXPECT_THAT(tags->asked(), IsEmpty());
  fake_allowance some(2);
  EXPECT_EQ(ask_with(some, api_image).outcome, outcome::pinned);
  EXPECT_THAT(some.ended, ElementsAre(false, false)) << "the read, and the look-up";
}

// What lies beside an image may be asked for as often as tags: the same guesses could be made there.
TEST_F(AdmissionAllowance, LookUpsOfSignaturesCountAsThoseOfTags) {
  const auto root = yaml::parse("[{name: own, require: {signed: [acme]}, action: deny}]");
  const auto demanding = std::make_shared<const rulebook>(policy, *rules::read_rules(*root));
  const auto signatures = std::make_shared<testing::fake_proofs>();
  signatures->accepts("acme", digest_of_digit('a'));
  const auto answer = [&](lookup_allowance& allowed, const std::string& image) {
    const handler h(tags, tenants, demanding, nullptr, signatures);
    const std::string spec = R"("containers":[{"name":"api","image":")" + image + "\"}]";
    return testing::run(h.handle(review_of(pod(spec)), pin::mode::enforce, deadline::never(), &allowed));
  };
  const std::string pinned = "r.io/api@" + digest_of_digit('a').to_string();
  fake_allowance none(0);
  EXPECT_THAT(answer(none, pinned).body, HasSubstr("used up"));
  EXPECT_THAT(signatures->queries(), IsEmpty());
  fake_allowance some(100);
  EXPECT_EQ(answer(some, pinned).outcome, outcome::unchanged);
  EXPECT_THAT(some.ended, ElementsAre(false));
  // An image that its registry does not show to this tenant is a guess.
  signatures->fails(digest_of_digit('b'), {error_code::not_found, "no such image", std::nullopt});
  some.ended.clear();
  answer(some, "r.io/api@" + digest_of_digit('b').to_string());
  EXPECT_THAT(some.ended, ElementsAre(true));
  // What is held costs nothing.
  signatures->holds(digest_of_digit('a'));
  fake_allowance again(0);
  EXPECT_EQ(answer(again, pinned).outcome, outcome::unchanged);
}

}  // namespace
}  // namespace pinhook::admission
