// Answers about signed images of tests/corpus/signatures: what is asked of the registry, and what is held.
#include <pinhook/proofs/proof_resolver.hpp>

#include "support/case_notary.hpp"
#include "support/case_registry.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_credentials.hpp"
#include "support/run.hpp"
#include "support/verifier_case.hpp"

#include <pinhook/signatures/load_verifier.hpp>

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::proofs {
namespace {

using namespace std::chrono_literals;
using admission::proof_query;
using rules::proof_question;
using ::testing::ElementsAre;
using testing::fake_credentials;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Documents of one case; records who asks.
class case_resolver final : public resolve::resolver {
 public:
  explicit case_resolver(const std::string& name) : held(name) {}

  awaitable<std::vector<result<resolve::answer>>> resolve(std::vector<resolve::query> queries, deadline d) override {
    std::vector<result<resolve::answer>> out;
    for (resolve::query& q : queries) {
      owners.push_back(q.owner);
      registry::document_name name = *q.document;
      auto read = co_await held.reader()(std::move(name), d);
      if (on_read) on_read();
      if (read)
        out.push_back(resolve::answer{*q.ref.digest(), resolve::origin::registry, nullptr,
                                      std::make_shared<const registry::document>(std::move(*read))});
      else
        out.push_back(fail(std::move(read.error())));
    }
    co_return out;
  }
  [[nodiscard]] std::optional<registry::digest> known(const resolve::query&) const override { return std::nullopt; }

  testing::case_registry held;
  std::vector<std::string> owners;
  std::function<void()> on_read;
};

struct counting_observer final : proof_observer {
  void proved(std::string_view verifier, proof_outcome outcome) override {
    ++counts[std::string(verifier) + " " + std::string(to_string(outcome))];
  }
  std::map<std::string, int> counts;
};

signatures::verifier loaded(const std::string& of_case, std::string name) {
  auto setting = testing::read_verifier_case(of_case).setting;
  setting.name = std::move(name);
  auto out = signatures::load_verifiers({std::move(setting)});
  if (!out) throw std::runtime_error(out.error().message);
  return std::move(out->front());
}

const std::string signed_case = "cosign3-key-p256";

struct ProofResolver : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  compute_thread judging{"judging"};
  counting_observer seen;
  std::shared_ptr<case_resolver> registry = std::make_shared<case_resolver>(signed_case);
  std::shared_ptr<fake_credentials> tenant = fake_credentials::make("tenant");
  proof_options options;
  std::unique_ptr<proof_resolver> proofs;
  std::string digest = testing::read_signature_case(signed_case).subject;

  ProofResolver() { open(); }
  void open() {
    proofs = std::make_unique<proof_resolver>(io.get_executor(), registry, judging, time, &seen, options);
    use({loaded(signed_case, "acme"), loaded("cosign3-two-keys", "other")});
  }
  void use(verifier_list all) { proofs->use(std::make_shared<const verifier_list>(std::move(all))); }

  proof_query query(std::vector<std::string> verifiers, const std::string& tag = "",
                    const std::string& owner = "shop") {
    proof_query out{
        registry::reference::parse("registry.example/acme/app" + (tag.empty() ? "" : ":" + tag) + "@" + digest).value(),
        tenant,
        {},
        owner};
    for (std::string& one : verifiers) out.questions.push_back({std::move(one)});
    return out;
  }
  rules::proofs prove(proof_query q, deadline d = deadline::never()) {
    std::vector<proof_query> one;
    one.push_back(std::move(q));
    auto out = testing::run_on(io, proofs->prove(std::move(one), d));
    return out.at(0);
  }
  // "accepted", "refused", the error's code.
  std::string answer(const std::string& verifier) {
    const auto all = prove(query({verifier}));
    return word(all.at({verifier}));
  }
  static std::string word(const result<rules::proof>& is) {
    if (!is) return std::string(to_string(is.error().code));
    return is->is_given ? "accepted" : "refused";
  }
  [[nodiscard]] std::size_t requests() const { return registry->held.asked.size(); }
};

TEST_F(ProofResolver, ReadsOnceForAllVerifiersAndHoldsTheAnswers) {
  auto found = prove(query({"acme", "other"}));
  EXPECT_EQ(word(found.at({"acme"})), "accepted");
  EXPECT_EQ(word(found.at({"other"})), "refused");
  EXPECT_THAT(found.at({"other"})->reasons, ElementsAre(HasSubstr("it was not made by the key")));
  EXPECT_EQ(found.at({"other"})->seen, 1U);
  EXPECT_EQ(requests(), 5U);
  found = prove(query({"acme", "other"}, "v1"));
  EXPECT_EQ(word(found.at({"acme"})), "accepted");
  EXPECT_EQ(requests(), 5U) << "a warm admission makes no request, by whichever tag";
  EXPECT_THAT(proofs->known(query({"acme", "other"})), SizeIs(2));
  EXPECT_EQ(seen.counts, (std::map<std::string, int>{{"acme accepted", 1}, {"other refused", 1}}));
  EXPECT_EQ(registry->owners.front(), "shop") << "requests count for the namespace";
}

TEST_F(ProofResolver, AnAcceptanceEndsWithItsCertificate) {
  const auto of = testing::read_signature_case("notation-jws-p256");
  registry = std::make_shared<case_resolver>("notation-jws-p256");
  digest = of.subject;
  options.cache.accepted_for = std::chrono::hours(24 * 365 * 200);
  options.cache.refused_for = 0s;
  open();
  use({loaded("notation-jws-p256", "notary")});
  time.set_wall(of.verify_at - time.wall());
  EXPECT_EQ(answer("notary"), "accepted");
  const auto all = prove(query({"notary"}));
  ASSERT_TRUE(all.at({"notary"})->good_until);
  const auto left = *all.at({"notary"})->good_until - time.wall();
  const std::size_t before = requests();
  time.advance(left - 1s);
  EXPECT_EQ(answer("notary"), "accepted");
  EXPECT_EQ(requests(), before) << "held until then";
  time.advance(2s);
  EXPECT_EQ(answer("notary"), "refused");
  EXPECT_GT(requests(), before);
}

TEST_F(ProofResolver, KnowsNothingWithoutALookUp) {
  EXPECT_THAT(proofs->known(query({"acme"})), SizeIs(0));
  EXPECT_EQ(requests(), 0U);
}

TEST_F(ProofResolver, RefusalsEndSoonAndAcceptancesLater) {
  (void)prove(query({"acme", "other"}));
  time.advance(options.cache.refused_for);
  EXPECT_EQ(answer("acme"), "accepted");
  EXPECT_EQ(requests(), 5U);
  EXPECT_EQ(answer("other"), "refused");
  EXPECT_EQ(requests(), 10U);
  time.advance(options.cache.accepted_for);
  EXPECT_EQ(answer("acme"), "accepted");
  EXPECT_EQ(requests(), 15U);
}

TEST_F(ProofResolver, SaysUntilWhenAllAnswersAreHeld) {
  EXPECT_FALSE(proofs->held_until(query({"acme"})));
  const auto begin = time.now();
  EXPECT_EQ(answer("acme"), "accepted");
  EXPECT_EQ(proofs->held_until(query({"acme"})), begin + options.cache.accepted_for);
  EXPECT_EQ(proofs->held_until(query({"acme"}, "v1")), begin + options.cache.accepted_for) << "by whichever tag";
  EXPECT_FALSE(proofs->held_until(query({"acme", "other"}))) << "one was not asked";
  EXPECT_EQ(answer("other"), "refused");
  EXPECT_EQ(proofs->held_until(query({"acme", "other"})), begin + options.cache.refused_for);
  EXPECT_FALSE(proofs->held_until(query({"acme", "nobody"})));
  tenant = fake_credentials::make("another");
  EXPECT_FALSE(proofs->held_until(query({"acme"}))) << "for the same credentials alone";
  tenant = fake_credentials::make("tenant");
  time.advance(options.cache.refused_for);
  EXPECT_FALSE(proofs->held_until(query({"acme", "other"})));
  EXPECT_EQ(proofs->held_until(query({"acme"})), begin + options.cache.accepted_for);
}

TEST_F(ProofResolver, WhatIsKeptIsForTheTextOfTheImageAndForEqualCredentials) {
  const resolve::vouch found{{1, 2, 3}, time.now() + 1h};
  const auto has = [&](const std::string& tag) {
    const admission::proof_query asked = query({}, tag);
    return proofs->kept(asked.image, *asked.credentials, asked.owner).key == found.key;
  };
  EXPECT_FALSE(has(""));
  proofs->keep(query({"acme"}), found);
  EXPECT_TRUE(has(""));
  EXPECT_FALSE(has("v1")) << "Content Trust may answer otherwise for a tag";
  tenant = fake_credentials::make("another");
  EXPECT_FALSE(has(""));
  tenant = fake_credentials::make("tenant");
  EXPECT_TRUE(has(""));
  EXPECT_EQ(requests(), 0U);
}

TEST_F(ProofResolver, WhatIsKeptOfAGroupIsForItsTextAndForTheSameCredentialsAsTheyWere) {
  const resolve::vouch found{{1, 2, 3}, time.now() + 1h};
  const admission::proof_query one = query({});
  const std::string text = one.image.written() + "\n" + one.image.written() + "\n";
  const auto has = [&](std::string_view images, std::uint64_t id, std::uint64_t changes) {
    return proofs->kept({images, {id, changes}}, "shop").key == found.key;
  };
  EXPECT_FALSE(has(text, 7, 0));
  proofs->keep({text, {7, 0}}, "shop", found);
  EXPECT_TRUE(has(text, 7, 0));
  EXPECT_EQ(proofs->kept({text, {7, 0}}, "another").until, found.until);
  EXPECT_FALSE(has(text, 7, 1)) << "the credentials changed";
  EXPECT_FALSE(has(text, 8, 0)) << "others";
  EXPECT_FALSE(has(text.substr(0, text.size() / 2), 7, 0));
  EXPECT_FALSE(has(text + text, 7, 0));
  EXPECT_EQ(proofs->kept(one.image, *one.credentials, one.owner).key, resolve::vouch().key);
  EXPECT_EQ(requests(), 0U);
}

TEST_F(ProofResolver, EachChangeOfVerifiersHasItsOwnNumber) {
  const auto first = proofs->generation();
  EXPECT_NE(first, 0U);
  EXPECT_EQ(proofs->generation(), first);
  use({loaded(signed_case, "acme")});
  const auto second = proofs->generation();
  EXPECT_NE(second, first);
  use({loaded(signed_case, "acme")});
  EXPECT_NE(proofs->generation(), second);
  proof_resolver another(io.get_executor(), registry, judging, time, &seen, options);
  EXPECT_NE(another.generation(), proofs->generation());
}

TEST_F(ProofResolver, AChangedVerifierForgets) {
  EXPECT_EQ(answer("acme"), "accepted");
  use({loaded("cosign3-two-keys", "acme")});
  EXPECT_EQ(answer("acme"), "refused");
  EXPECT_EQ(requests(), 10U);
  use({loaded(signed_case, "acme")});
  EXPECT_EQ(answer("acme"), "accepted");
  EXPECT_EQ(requests(), 10U) << "the verifier is the old one again";
  use({});
  EXPECT_EQ(answer("acme"), "unavailable");
}

TEST_F(ProofResolver, AnswersAreSharedBetweenEqualIdentitiesAlone) {
  EXPECT_EQ(answer("acme"), "accepted");
  tenant = fake_credentials::make("tenant");
  EXPECT_EQ(answer("acme"), "accepted");
  EXPECT_EQ(requests(), 5U);
  tenant = fake_credentials::make("another");
  EXPECT_EQ(answer("acme"), "accepted");
  EXPECT_EQ(requests(), 10U);
}

// Not signed, and not signed well: both are answers. No answer of a registry is neither, unless what was read is
// enough.
TEST_F(ProofResolver, FailedLookUpsAreNeverHeld) {
  // The list of referrers, which this registry has as a tag, and the tag of the older layout.
  const std::string tag = "sha256-" + digest.substr(7);
  const std::map<std::string, std::string> rows{{digest, "accepted"}, {tag, "unavailable"}, {tag + ".sig", "accepted"}};
  for (const auto& [name, acme] : rows) {
    registry = std::make_shared<case_resolver>(signed_case);
    open();
    registry->held.failures.emplace(name, error{error_code::unavailable, "connection refused", {}});
    const auto found = prove(query({"acme", "other"}));
    EXPECT_EQ(word(found.at({"acme"})), acme) << name;
    ASSERT_EQ(word(found.at({"other"})), "unavailable") << name;
    EXPECT_THAT(found.at({"other"}).error().message,
                HasSubstr("its signatures cannot be looked up: connection refused"));
    EXPECT_THAT(proofs->known(query({"other"})), SizeIs(0));
    registry->held.failures.clear();
    EXPECT_EQ(answer("acme"), "accepted") << name;
    EXPECT_EQ(answer("other"), "refused") << name;
  }
  EXPECT_GE(seen.counts["other failed"], 3);
}

TEST_F(ProofResolver, EqualQueriesShareALookUp) {
  std::vector<rules::proofs> found(2);
  const auto ask = [&](std::size_t i) -> awaitable<void> {
    std::vector<proof_query> one;
    one.push_back(query({"acme"}));
    auto got = co_await proofs->prove(std::move(one), deadline::never());
    found[i] = std::move(got.at(0));
  };
  asio::co_spawn(io, ask(0), [](const std::exception_ptr&) {});
  asio::co_spawn(io, ask(1), [](const std::exception_ptr&) {});
  io.run();
  EXPECT_EQ(word(found[0].at({"acme"})), "accepted");
  EXPECT_EQ(word(found[1].at({"acme"})), "accepted");
  EXPECT_EQ(requests(), 5U);
}

TEST_F(ProofResolver, CredentialsThatChangeMeanwhileAreAskedAgain) {
  registry->on_read = [&] { tenant->becomes("newer"); };
  EXPECT_EQ(answer("acme"), "accepted");
  EXPECT_EQ(requests(), 10U);
  int changes = 0;
  registry->on_read = [&] { tenant->becomes("tenant " + std::to_string(++changes)); };
  EXPECT_EQ(answer("other"), "unavailable") << "they change at every look";
  registry->on_read = nullptr;
}

TEST_F(ProofResolver, NothingIsBegunBehindTheDeadline) {
  const auto found = prove(query({"acme"}), deadline::after(time.now(), 0ns));
  EXPECT_EQ(word(found.at({"acme"})), "timed_out");
  EXPECT_EQ(requests(), 0U);
}

TEST_F(ProofResolver, LookUpsUnderWayAreBounded) {
  options.most = 0;
  open();
  const auto found = prove(query({"acme"}));
  EXPECT_EQ(word(found.at({"acme"})), "unavailable");
  EXPECT_THAT(found.at({"acme"}).error().message, HasSubstr("try again"));
  EXPECT_EQ(requests(), 0U);
}

TEST_F(ProofResolver, ARequestOfManyImagesIsAnsweredWhole) {
  options.most_of_request = 2;
  open();
  std::vector<proof_query> many;
  for (int i = 0; i < 20; ++i) many.push_back(query({"acme"}, "v" + std::to_string(i), "shop"));
  const auto found = testing::run_on(io, proofs->prove(std::move(many), deadline::never()));
  ASSERT_EQ(found.size(), 20U);
  for (const auto& one : found) EXPECT_EQ(word(one.at({"acme"})), "accepted");
}

TEST_F(ProofResolver, AttestationsAreAskedForByTypeAndFields) {
  const std::string name = "cosign3-signature-and-attestation";
  registry = std::make_shared<case_resolver>(name);
  digest = testing::read_signature_case(name).subject;
  auto setting = testing::read_verifier_case(name).setting;
  setting.name = "ci";
  std::get<signatures::cosign_setting>(setting.by).keys = {testing::signature_file("cosign3-two-keys", "k2.pub")};
  open();
  use(signatures::load_verifiers({setting}).value());
  const std::string type = "https://slsa.dev/provenance/v1";
  const std::string builder = "/predicate/runDetails/builder/id";
  proof_query q = query({});
  q.questions = {{"ci", type},
                 {"ci", type, {{builder, "https://pinhook.test/builder"}}},
                 {"ci", type, {{builder, "x"}}},
                 {"ci", "https://spdx.dev/Document"}};
  const auto asked = q.questions;
  const auto found = prove(std::move(q));
  EXPECT_EQ(word(found.at(asked[0])), "accepted");
  EXPECT_EQ(word(found.at(asked[1])), "accepted");
  EXPECT_EQ(word(found.at(asked[2])), "refused");
  EXPECT_EQ(found.at(asked[2])->seen, 1U);
  EXPECT_EQ(word(found.at(asked[3])), "refused");
  EXPECT_EQ(found.at(asked[3])->seen, 0U);
}

// The digest that was signed for the tag must be the image's; a Notary server that is down is a failed look-up.
TEST_F(ProofResolver, ContentTrustIsAskedOnItsOwnServer) {
  const std::string name = "dct-targets";
  testing::case_notary notary(name);
  const auto of = testing::read_signature_case(name);
  const std::string tag = testing::read_verifier_case(name).tag;
  time.set_wall(of.verify_at - time.wall());
  std::vector<std::string> asked;
  options.trust_files = [&](const registry::reference& image, const std::string& server) {
    asked.push_back(server + " " + image.repository());
    return result<signatures::document_reader>(notary.reader());
  };
  open();
  use({loaded(name, "legacy")});
  digest = of.subject;
  EXPECT_EQ(word(prove(query({"legacy"}, tag)).at({"legacy"})), "accepted");
  EXPECT_EQ(word(prove(query({"legacy"}, "other")).at({"legacy"})), "refused") << "that tag was not signed";
  EXPECT_EQ(requests(), 0U) << "nothing beside the image is read";
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_EQ(word(prove(query({"legacy"}, tag)).at({"legacy"})), "accepted");
  EXPECT_EQ(asked.size(), 2U) << "verdicts are held by tag";
  notary.instead.emplace("timestamp.json", fail(error_code::unavailable, "the server is down"));
  digest = "sha256:" + std::string(64, 'b');
  const auto down = prove(query({"legacy"}, tag));
  EXPECT_EQ(word(down.at({"legacy"})), "unavailable");
  EXPECT_THAT(down.at({"legacy"}).error().message, HasSubstr("the server is down"));
  options.trust_files = nullptr;
  open();
  use({loaded(name, "legacy")});
  EXPECT_EQ(word(prove(query({"legacy"}, tag)).at({"legacy"})), "unsupported");
}

TEST_F(ProofResolver, StopEndsWhatIsUnderWay) {
  EXPECT_EQ(answer("acme"), "accepted");
  proofs->stop();
  EXPECT_EQ(answer("acme"), "accepted") << "the cache still answers";
  EXPECT_EQ(answer("other"), "canceled");
}

}  // namespace
}  // namespace pinhook::proofs
