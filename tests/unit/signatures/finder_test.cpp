// Finds what the registries of tests/corpus/signatures hold beside each image, and counts the requests.
#include <pinhook/signatures/finder.hpp>

#include "support/case_registry.hpp"
#include "support/run.hpp"
#include "support/signature_case.hpp"

#include <pinhook/signatures/beside.hpp>
#include <pinhook/trust/cosign.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pinhook::signatures {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using kind = registry::document_name::kind;
using testing::case_registry;

result<found_signatures> find(case_registry& in, const std::string& subject, bool attestations = false) {
  return testing::run(
      find_signatures(in.reader(), registry::digest::parse(subject).value(), attestations, deadline::never()));
}

TEST(Finder, FindsInEveryCaseAsMuchAsLiesThere) {
  for (const char* flavour : {"cosign", "notation"}) {
    for (const std::string& name : testing::signature_cases(flavour)) {
      const auto of = testing::read_signature_case(name);
      case_registry in(name);
      const auto found = find(in, of.subject);
      ASSERT_TRUE(found) << name << found.error().message;
      if (of.flavour.starts_with("cosign")) {
        EXPECT_EQ(found->cosign.size(), of.signatures.size()) << name;
        const bool is_good = std::ranges::any_of(found->cosign, [&](const trust::signature& one) {
          return trust::verify_cosign(one, of.subject, of.policy).is_verified();
        });
        if (!of.is_either_right) {
          EXPECT_EQ(is_good, of.is_verified) << name;
        }
      } else {
        EXPECT_EQ(found->notation.size(), of.notation_signatures.size()) << name;
      }
    }
  }
}

TEST(Finder, NeedsFiveRequestsAtMostForOneSignature) {
  const auto of = testing::read_signature_case("cosign3-key-p256");
  case_registry in("cosign3-key-p256");
  ASSERT_TRUE(find(in, of.subject));
  const std::string tag = "sha256-" + of.subject.substr(7);
  EXPECT_THAT(in.asked, ElementsAre("referrers sha256:", "manifest " + tag,
                                    "manifest sha256:", "blob sha256:", "manifest " + tag + ".sig"));
}

TEST(Finder, DamagedSignaturesAreNamedAndTheOthersFound) {
  const auto of = testing::read_signature_case("cosign3-bad-truncated-bundle");
  case_registry truncated("cosign3-bad-truncated-bundle");
  const auto found = find(truncated, of.subject);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->cosign.empty());
  ASSERT_EQ(found->unreadable.size(), 1U);
  EXPECT_THAT(found->unreadable.front(), HasSubstr("the signature's bundle is not JSON"));
  case_registry altered("cosign3-bad-blob-digest");
  const auto other = find(altered, testing::read_signature_case("cosign3-bad-blob-digest").subject);
  ASSERT_TRUE(other);
  EXPECT_THAT(other->unreadable, ElementsAre("the bytes have another digest"));
}

// "Not signed" is never concluded from an answer that did not come. What is out of reach is noted, since what is found
// elsewhere may be enough; a registry that refuses ends the search.
TEST(Finder, ARegistryThatDoesNotAnswerIsNoAbsenceAtEachStep) {
  const auto of = testing::read_signature_case("cosign2-signature-beside-foreign-bundle");
  case_registry all("cosign2-signature-beside-foreign-bundle");
  std::vector<std::string> names;
  const document_reader recording = [&, inner = all.reader()](registry::document_name name, deadline d) {
    names.push_back(name.name);
    return inner(std::move(name), d);
  };
  ASSERT_TRUE(
      testing::run(find_signatures(recording, registry::digest::parse(of.subject).value(), true, deadline::never())));
  ASSERT_GE(names.size(), 6U);
  for (const std::string& name : names) {
    for (const error_code code : {error_code::unauthorized, error_code::denied, error_code::canceled}) {
      case_registry in("cosign2-signature-beside-foreign-bundle");
      in.failures.emplace(name, error{code, "no answer", std::nullopt});
      const auto found = find(in, of.subject, true);
      ASSERT_FALSE(found) << name;
      EXPECT_EQ(found.error().code, code);
    }
    for (const error_code code : {error_code::unavailable, error_code::timed_out, error_code::rate_limited}) {
      case_registry in("cosign2-signature-beside-foreign-bundle");
      in.failures.emplace(name, error{code, "no answer", std::nullopt});
      const auto found = find(in, of.subject, true);
      ASSERT_TRUE(found) << name;
      ASSERT_TRUE(found->unread) << name;
      EXPECT_EQ(found->unread->code, code);
    }
  }
}

TEST(Beside, AListIsBoundedAndOtherArtifactsAreLeftOut) {
  const std::string digest = "sha256:" + std::string(63, '0');
  std::string list = R"({"manifests":[)";
  for (const auto& [number, type] :
       std::vector<std::pair<char, std::string>>{{'1', "application/vnd.dev.sigstore.bundle.v0.3+json"},
                                                 {'2', "application/spdx+json"},
                                                 {'3', ""},
                                                 {'1', "application/vnd.cncf.notary.signature"},
                                                 {'4', "application/vnd.oci.empty.v1+json"}})
    list += fmt::format(R"({}{{"digest":"{}{}","artifactType":"{}"}})", list.back() == '[' ? "" : ",", digest, number,
                        type);
  list += "]}";
  std::vector<std::string> ends;
  for (const auto& one : signatures_listed(list)) ends.emplace_back(1, one.to_string().back());
  EXPECT_THAT(ends, ElementsAre("1", "3", "4"));
  for (const char* bad : {"", "[]", "{}", R"({"manifests":{}})", R"({"manifests":[1,{"digest":"x"}]})"})
    EXPECT_TRUE(signatures_listed(bad).empty()) << bad;
}

// A thousand signatures below one tag of the older layout: the first ones are read. A damaged layer damages its
// manifest.
TEST(Beside, LayersAreBounded) {
  const auto manifest_of = [](std::size_t layers, std::string_view last) {
    std::string out = R"({"layers":[)";
    for (std::size_t i = 0; i < layers; ++i)
      out +=
          fmt::format(R"({{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":{},)"
                      R"("digest":"sha256:{:064x}","annotations":{{"dev.cosignproject.cosign/signature":"AAAA"}}}},)",
                      i, i);
    return out.append(last).append("]}");
  };
  constexpr std::string_view sound =
      R"({"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":1,"digest":"sha256:)"
      R"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})";
  for (const std::size_t layers : {std::size_t{0}, most_layers - 1, most_layers, std::size_t{1000}}) {
    const auto found = signatures_in(manifest_of(layers, sound));
    ASSERT_TRUE(found) << layers;
    EXPECT_EQ(found->size(), std::min(layers + 1, most_layers)) << layers;
  }
  for (const char* damaged : {R"({"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":1})",
                              R"({"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":-1,)"
                              R"("digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})"})
    EXPECT_FALSE(signatures_in(manifest_of(2, damaged))) << damaged;
}

TEST(Finder, ReferrersBeyondTheLimitAreCounted) {
  std::string list = R"({"manifests":[)";
  for (int i = 0; i < 1000; ++i) list += fmt::format(R"({}{{"digest":"sha256:{:064x}"}})", i == 0 ? "" : ",", i + 1);
  list += "]}";
  int asked = 0;
  const document_reader read = [&](registry::document_name name, deadline) -> awaitable<result<registry::document>> {
    ++asked;
    if (name.of == kind::referrers) co_return registry::document{"", list};
    co_return fail(error_code::not_found, "not there");
  };
  const auto found = testing::run(find_signatures(read, registry::digest::of("x"), false, deadline::never()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->left_out, 1000 - most_referrers);
  EXPECT_EQ(asked, 2 + static_cast<int>(most_referrers) + 1);
}

}  // namespace
}  // namespace pinhook::signatures
