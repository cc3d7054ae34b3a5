#include <pinhook/signatures/load_verifier.hpp>

#include "support/signature_case.hpp"
#include "support/verifier_case.hpp"

#include <pinhook/signatures/verifier_files.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace pinhook::signatures {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

// A directory of the test's own.
class LoadVerifier : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-verifier-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string file(const std::string& name, const std::string& text) const {
    const fs::path out = folder / name;
    fs::create_directories(out.parent_path());
    std::ofstream(out, std::ios::binary) << text;
    return out.string();
  }
  // A setting with its files copied here.
  verifier_setting copied(const std::string& name) const {
    auto out = testing::read_verifier_case(name).setting;
    if (auto* s = std::get_if<cosign_setting>(&out.by)) {
      for (std::string& key : s->keys) key = copy(key);
      if (!s->trusted_root.empty()) s->trusted_root = copy(s->trusted_root);
    }
    if (auto* s = std::get_if<notation_setting>(&out.by)) {
      s->trust_policy = copy(s->trust_policy);
      fs::copy(s->trust_store, folder / "truststore", fs::copy_options::recursive);
      s->trust_store = (folder / "truststore").string();
    }
    return out;
  }
  std::string copy(const std::string& from) const {
    const fs::path to = folder / fs::path(from).filename();
    fs::copy_file(from, to);
    return to.string();
  }

  fs::path folder;
};

std::string fault(const verifier_setting& setting) {
  const auto loaded = load_verifiers({setting});
  return loaded ? std::string("none") : loaded.error().message;
}

std::string content(const verifier_setting& setting) {
  const auto loaded = load_verifiers({setting});
  return loaded ? loaded->front().content : loaded.error().message;
}

TEST_F(LoadVerifier, ContentChangesWithTheSettingAndWithEachFile) {
  auto setting = copied("cosign3-key-rekor1");
  auto& cosign = std::get<cosign_setting>(setting.by);
  const std::string first = content(setting);
  EXPECT_EQ(first.size(), 64U);
  EXPECT_EQ(content(setting), first);
  std::vector<std::string> seen{first};
  const auto is_new = [&](const std::string& one) {
    const bool out = std::ranges::find(seen, one) == seen.end();
    seen.push_back(one);
    return out;
  };
  auto other = setting;
  other.name = "other";
  EXPECT_TRUE(is_new(content(other)));
  other = setting;
  std::get<cosign_setting>(other.by).annotations["team"] = "web";
  EXPECT_TRUE(is_new(content(other)));
  other = setting;
  std::get<cosign_setting>(other.by).required->push_back(proof::timestamp);
  EXPECT_TRUE(is_new(content(other)));
  other = setting;
  other.platforms.push_back(registry::platform::parse("linux/amd64").value());
  EXPECT_TRUE(is_new(content(other)));
  std::ofstream(cosign.keys.front(), std::ios::app) << "\n";
  EXPECT_TRUE(is_new(content(setting)));
  std::ofstream(cosign.trusted_root, std::ios::app) << "\n";
  EXPECT_TRUE(is_new(content(setting)));
}

TEST_F(LoadVerifier, AFileThatComesToATrustStoreCountsAndIsNoticed) {
  const auto setting = copied("notation-jws-p256");
  const auto look = look_at_verifiers({setting});
  const std::string before = content(setting);
  const std::string mark = look().mark;
  EXPECT_EQ(look().mark, mark);
  const std::string root = testing::signature_file("notation-jws-p256", "truststore/x509/ca/acme/root.crt");
  file("truststore/x509/ca/acme/second.crt", root);
  EXPECT_NE(look().mark, mark);
  EXPECT_NE(content(setting), before);
  // The kubelet's own entries of a mounted volume are no certificates.
  file("truststore/x509/ca/acme/..data", "x");
  EXPECT_EQ(fault(setting), "none");
}

TEST_F(LoadVerifier, KeysAndPoliciesMayBeWrittenWhereTheyAreUsed) {
  auto setting = testing::read_verifier_case("cosign3-key-rekor1").setting;
  auto& cosign = std::get<cosign_setting>(setting.by);
  cosign.keys = {testing::signature_file("cosign3-key-rekor1", "k1.pub")};
  cosign.trusted_root = testing::signature_file("cosign3-key-rekor1", "trusted_root.json");
  EXPECT_EQ(fault(setting), "none");
  EXPECT_TRUE(read_verifier_files({setting}).texts.empty());
}

TEST_F(LoadVerifier, NamesWhatCannotBeUsed) {
  const std::string key = testing::signature_file("cosign3-key-p256", "k1.pub");
  const std::string root = testing::signature_file("cosign3-key-rekor1", "trusted_root.json");
  const std::string bare = R"({"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"})";
  const identity_setting dev{"https://issuer.test", {}, "dev@acme.test", {}};
  const auto cosign = [](cosign_setting s) { return verifier_setting{"acme", std::move(s), {}}; };
  const auto notation = [](notation_setting s) { return verifier_setting{"acme", std::move(s), {}}; };
  const auto tags = [](content_trust_setting s) { return verifier_setting{"acme", std::move(s), {}}; };
  const struct {
    verifier_setting setting;
    std::string message;
  } rows[] = {
      {cosign({{"/none/acme.pub"}, "", {}, {}, {}, "", {}}),
       "verifier acme: cosign.keys[0]: cannot read /none/acme.pub: No such file or directory"},
      {cosign({{file("bad.pub", "x")}, "", {}, {}, {}, "", {}}), "verifier acme: cosign.keys[0]: "},
      {cosign({{}, "", {}, {}, {}, "", {}}), "cosign: keys or identities are missing"},
      {cosign({{key}, "", {}, std::vector{proof::log}, {}, "", {}}), "require needs a trusted_root"},
      {cosign({{key}, "", {}, {}, true, "", {}}), "cosign.sct is for the certificates of identities"},
      {cosign({{}, "", {}, {}, {}, "", {dev}}), "identities need a trusted_root"},
      {cosign({{}, "", {}, {}, {}, root, {{{}, {}, "dev", {}}}}), "issuer or issuer_regexp is missing"},
      {cosign({{}, "", {}, {}, {}, root, {{"x", {}, {}, {}}}}), "subject or subject_regexp is missing"},
      {cosign({{}, "", {}, {}, {}, root, {{"x", "y", "z", {}}}}), "issuer and issuer_regexp exclude each other"},
      {cosign({{}, "", {}, {}, {}, bare, {dev}}),
       "the trusted root has no certificateAuthorities, tlogs, ctlogs, which this verifier needs"},
      {cosign({{key}, "", {}, std::vector{proof::timestamp}, {}, bare, {}}),
       "cosign.trusted_root: the trusted root has no timestampAuthorities"},
      {cosign({{key}, "", {}, {}, {}, file("root.json", "{}"), {}}), "root.json: the media type \"\" is not that"},
      {notation({"", "/store"}), "notation.trust_policy is missing"},
      {notation({"{}", "/none/store"}), "verifier acme: notation.trust_store: /none/store/x509: No such file"},
      {tags({"", {}, "x"}), "content_trust.server is missing"},
      {tags({"notary", {}, "x"}), "content_trust.server must begin with https://"},
      {tags({"https://notary", {}, ""}), "either root_key_ids or root"},
      {tags({"https://notary", {"ABC"}, ""}), "an ID is 64 hexadecimal digits"},
      {tags({"https://notary", {}, "{}"}), "content_trust.root: "},
  };
  for (const auto& row : rows) {
    const auto loaded = load_verifiers({row.setting});
    ASSERT_FALSE(loaded) << row.message;
    EXPECT_EQ(loaded.error().code, error_code::invalid_input);
    EXPECT_THAT(loaded.error().message, HasSubstr(row.message));
  }
}

TEST_F(LoadVerifier, ATrustStoreNeedsTheCertificatesThatThePolicyNames) {
  auto setting = copied("notation-jws-p256");
  fs::remove(folder / "truststore/x509/ca/acme/root.crt");
  EXPECT_THAT(fault(setting), HasSubstr("has no certificates for ca:acme, which the policy \"acme\" names"));
  file("truststore/x509/ca/acme/root.crt", "no certificate");
  EXPECT_THAT(fault(setting), HasSubstr("root.crt has no certificate in PEM or DER"));
}

TEST(VerifierSetting, RegularExpressionsAreForTheWholeText) {
  EXPECT_EQ(fault_of_regexp("https://github\\.com/acme/.*"), std::nullopt);
  EXPECT_THAT(fault_of_regexp("(").value_or(""), HasSubstr("missing )"));
  // Identities of GitHub: a pattern for acme must not match evil/acme.
  auto setting = testing::read_verifier_case("keyless-github-uri").setting;
  auto& cosign = std::get<cosign_setting>(setting.by);
  const struct {
    const char* pattern;
    bool matches;
  } rows[] = {
      {"https://github\\.com/acme/.*", true},
      {"github\\.com/acme/.*", false},
      {"https://github\\.com/acme/", false},
  };
  for (const auto& row : rows) {
    cosign.identities = {{{}, ".*", {}, row.pattern}};
    const auto loaded = load_verifiers({setting});
    ASSERT_TRUE(loaded);
    const auto& rule = std::get<cosign_verifier>(loaded->front().by).policies.front().identities.front();
    EXPECT_EQ(rule.subject("https://github.com/acme/rockets/.github/workflows/release.yml@refs/heads/main"),
              row.matches)
        << row.pattern;
    EXPECT_TRUE(rule.issuer("http://127.0.0.1:5381"));
  }
}

}  // namespace
}  // namespace pinhook::signatures
