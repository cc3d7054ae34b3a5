// Rules that demand signatures on a real API server: signed, unsigned and wrongly signed images under each action, and
// a registry that does not answer.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/image_signer.hpp"

#include <fmt/core.h>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SignedImages : public Cluster {
 protected:
  static command_result create(const std::string& ns, const std::string& object) {
    return kubectl({"create", "-n", ns, "-f", "-"}, object);
  }
  replica& start_with(const std::string& action) {
    std::string key = acme_.public_key();
    for (std::size_t at = 0; (at = key.find('\n', at)) != std::string::npos; at += 2) key.replace(at, 1, "\\n");
    return start_pinhook(
        {.settings = {{"RULES", fmt::format("[{{name: own, require: {{signed: acme}}, action: {}}}]", action)},
                      {"VERIFIERS", fmt::format("[{{name: acme, cosign: {{keys: [\"{}\"]}}}}]", key)},
                      {"SIGNATURES_NEGATIVE_TTL", "0s"}}});
  }

  // A rule with this action lets every image in, and pins it; about those that are not signed by acme it says so where
  // it warns.
  void expect_admitted(const std::string& action, bool is_warned) {
    start_with(action);
    const std::vector<std::pair<std::string, const testing::image_signer*>> all{
        {"none", nullptr}, {"wrong", &other_}, {"good", &acme_}};
    for (const auto& [name, by] : all) {
      const std::string repository = fmt::format("signed/{}-{}", action, name);
      const auto digest = push(repository, "1", repository);
      if (by != nullptr) sign(repository, digest, *by);
      const auto ns = make_namespace("enforce");
      const auto r = create(ns, deployment(image(repository + ":1")));
      EXPECT_EQ(r.exit_code, 0) << r;
      EXPECT_EQ(r.errors.find("Warning: rule own: not signed") != std::string::npos, is_warned && by != &acme_) << r;
      EXPECT_EQ(read(ns, "deployment/web", in_template), image(repository + "@" + digest));
    }
  }

  testing::image_signer acme_, other_;
};

TEST_F(SignedImages, OnlyWhatIsSignedIsAdmittedUnderDeny) {
  const auto& pinhook = start_with("deny");
  const auto digest = push("signed/web", "1", "signed under deny");
  const auto ns = make_namespace("enforce");
  const auto web = deployment(image("signed/web:1"));
  const auto none = create(ns, web);
  EXPECT_EQ(none.exit_code, 1) << none;
  EXPECT_THAT(none.errors,
              AllOf(HasSubstr("rule own: container web"), HasSubstr("not signed by acme: no signature was found")));
  sign("signed/web", digest, other_);
  const auto wrong = create(ns, web);
  EXPECT_EQ(wrong.exit_code, 1) << wrong;
  EXPECT_THAT(wrong.errors,
              AllOf(HasSubstr("1 signature was found, which does not count"), HasSubstr("it was not made by the key")));
  sign("signed/web", digest, acme_);
  const auto good = create(ns, web);
  EXPECT_EQ(good.exit_code, 0) << good;
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("signed/web@" + digest));
  EXPECT_GE(pinhook.metric("pinhook_signature_verdicts_total", R"(result="accepted",verifier="acme")"), 1)
      << pinhook.metrics();
}

TEST_F(SignedImages, WarnLetsInWithAWarning) { expect_admitted("warn", true); }

TEST_F(SignedImages, AuditOnlyNotes) { expect_admitted("audit", false); }

TEST_F(SignedImages, ARegistryThatIsDownIsAFailedLookUp) {
  start_with("deny");
  const auto digest = push("signed/down", "1", "signed and down");
  sign("signed/down", digest, acme_);
  const auto ns = make_namespace("enforce");
  set_registry_down(true);
  const auto down = create(ns, deployment(image("signed/down@" + digest)));
  set_registry_down(false);
  EXPECT_EQ(down.exit_code, 1) << down;
  EXPECT_THAT(down.errors, AllOf(HasSubstr("pinhook cannot verify 1 of 1 images"), Not(HasSubstr("not signed by"))));
  EXPECT_TRUE(eventually([&] { return create(ns, deployment(image("signed/down@" + digest))).exit_code == 0; }));
}

}  // namespace
}  // namespace pinhook::e2e
