// The API server shows its client certificate (docs/callers.md, control_plane::write_admission_configuration), and
// others that reach the port are refused.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/https_client.hpp"

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Callers : public Cluster {
 protected:
  static replica_options named(const std::string& names) {
    const auto file = shared().plane.files().write("callers.crt", shared().plane.callers_authority());
    return {.settings = {{"CALLERS_CLIENT_CA", file}, {"CALLERS_NAMES", "[\"" + names + "\"]"}}};
  }
};

TEST_F(Callers, TheApiServerIsAnsweredAndAnotherClientIsNot) {
  const auto& pinhook = start_pinhook(named(control_plane::webhook_client));
  const auto ns = make_namespace("enforce");
  const auto digest = push("callers/web", "1", "one");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("callers/web:1")));
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("callers/web@" + digest));
  EXPECT_GE(pinhook.metric("pinhook_callers_total", R"(caller="known")"), 1);

  testing::https_client other(pinhook.ports().webhook);
  const auto r = other.ask(testing::post("/v1/pin/enforce", "{}"));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->status, 403U);
  EXPECT_THAT(r->body, HasSubstr("callers.client_ca"));
}

TEST_F(Callers, TheReasonOfARefusalReachesTheUser) {
  start_pinhook(named("another"));
  const auto ns = make_namespace("enforce");
  const auto refused = kubectl({"create", "-n", ns, "-f", "-"}, deployment(image("callers/web:1")));
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("callers.names"), HasSubstr(control_plane::webhook_client)));
}

}  // namespace
}  // namespace pinhook::e2e
