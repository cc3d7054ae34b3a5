#include <pinhook/access/write_policy_reports.hpp>

#include "support/api_server_session.hpp"
#include "support/certificates.hpp"
#include "support/fake_api_server.hpp"
#include "support/fleet_objects.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::access {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::metadata_text;
using testing::object_lists;

const object_lists::resource reports{"/apis/openreports.io/v1alpha1", "reports", "Report"};
const object_lists::resource policy_reports{"/apis/wgpolicyk8s.io/v1alpha2", "policyreports", "PolicyReport"};
constexpr const char* conflict = R"({"kind":"Status","message":"conflict with \"theirs\""})";

struct WritePolicyReports : ::testing::Test {
  testing::temporary_directory files;
  testing::fake_api_server server;
  fleet::report found;

  WritePolicyReports() {
    server.allow_lists({"reports", "policyreports"});
    for (const char* ns : {"lab", "shop"}) add_finding(ns);
  }

  static std::string path(const std::string& ns, const object_lists::resource& of = reports) {
    return of.api + "/namespaces/" + ns + "/" + of.name + "/pinhook";
  }
  static std::string apply(const std::string& ns, const object_lists::resource& of = reports) {
    return path(ns, of) + "?fieldManager=pinhook&force=false";
  }
  // The cluster has this kind, with these reports of ours, and takes writes.
  void has(const object_lists::resource& of, const std::vector<std::string>& namespaces = {},
           const std::string& label = "pinhook", const std::string& name = "pinhook") {
    server.set_list(of, "", {});
    for (const auto& ns : namespaces)
      server.set_list(
          of, ns,
          {fmt::format(R"({{"metadata":{}}})",
                       metadata_text(ns, name, {},
                                     fmt::format(R"(,"uid":"u-{}","labels":{{"app.kubernetes.io/managed-by":)"
                                                 R"("{}"}})",
                                                 ns, label)))});
    for (const char* ns : {"lab", "shop", "old"}) {
      server.fail(apply(ns, of), 200, "{}");
      server.fail(path(ns, of), 200, "{}");
    }
  }
  void add_finding(const std::string& ns) {
    fleet::row one;
    one.ns = ns;
    one.owner = {ns, "apps", "Deployment", "web"};
    one.findings.emplace_back();
    found.rows.push_back(std::move(one));
  }

  result<written_reports> write(report_writing request = {}) {
    testing::api_server_session to(server, files.path());
    request.of = &found;
    return to.run(write_policy_reports(to.connection(), std::move(request), to.limit()));
  }

  std::vector<std::string> changes() const {
    std::vector<std::string> out;
    for (const auto& one : server.requests())
      if (one.method != "GET") out.push_back(one.method + " " + one.path);
    return out;
  }
};

TEST_F(WritePolicyReports, WritesOneForEachNamespaceAndRemovesStaleOnes) {
  has(reports, {"old", "shop"});
  const auto done = write();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(changes(), ElementsAre("PATCH " + apply("lab"), "PATCH " + apply("shop"), "DELETE " + path("old")));
  EXPECT_EQ(done->written, 2U);
  EXPECT_EQ(done->removed, 1U);
  EXPECT_THAT(done->troubles, IsEmpty());
  const auto requests = server.requests();
  EXPECT_EQ(requests.back().body, R"({"preconditions":{"uid":"u-old"}})");
  EXPECT_THAT(requests[requests.size() - 2].path, HasSubstr("labelSelector=app.kubernetes.io%2Fmanaged-by%3Dpinhook"));
}

TEST_F(WritePolicyReports, TakesTheKindThatTheClusterHas) {
  EXPECT_EQ(write().error().code, error_code::unsupported);
  EXPECT_THAT(write().error().message, AllOf(HasSubstr("openreports.io/v1alpha1"), HasSubstr("wgpolicyk8s.io/v1alpha2"),
                                             HasSubstr("install the CRDs")));
  // The group with another kind or another version is not enough.
  server.set_list({"/apis/openreports.io/v1alpha1", "clusterreports", "ClusterReport", false}, "", {});
  server.set_list({"/apis/wgpolicyk8s.io/v1beta1", "policyreports", "PolicyReport"}, "", {});
  EXPECT_EQ(write().error().code, error_code::unsupported);
  has(policy_reports);
  EXPECT_EQ(write()->kind.kind, "PolicyReport");
  has(reports);
  EXPECT_EQ(write()->kind.kind, "Report");
}

// A finding of what could not be read has not ended.
TEST_F(WritePolicyReports, LeavesWhatWasNotReadWhole) {
  has(reports, {"old", "shop"});
  ASSERT_TRUE(write({.namespaces = {"shop"}}));
  EXPECT_THAT(changes(), ElementsAre("PATCH " + apply("lab"), "PATCH " + apply("shop")));
  server.forget_requests();
  ASSERT_TRUE(write({.unread = {"old", "lab"}}));
  EXPECT_THAT(changes(), ElementsAre("PATCH " + apply("shop")));
  server.forget_requests();
  ASSERT_TRUE(write({.unread = {""}}));
  EXPECT_THAT(changes(), ElementsAre("PATCH " + apply("lab"), "PATCH " + apply("shop")));
}

TEST_F(WritePolicyReports, LeavesReportsOfOthers) {
  has(reports, {"old"}, "theirs");
  ASSERT_TRUE(write());
  has(reports, {"old"}, "pinhook", "theirs");
  ASSERT_TRUE(write());
  for (const auto& one : changes()) EXPECT_THAT(one, HasSubstr("PATCH"));
  server.fail(apply("lab"), 409, conflict);
  const auto done = write();
  EXPECT_EQ(done->written, 1U);
  EXPECT_THAT(done->troubles,
              ElementsAre(AllOf(HasSubstr("namespace lab: Report pinhook belongs to another"), HasSubstr("theirs"))));
}

TEST_F(WritePolicyReports, NamesMissingRightsAndGoesOn) {
  has(reports, {"old"});
  server.fail(apply("lab"), 403, R"({"kind":"Status","message":"forbidden"})");
  server.fail(path("old"), 403, R"({"kind":"Status","message":"forbidden"})");
  const auto done = write();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->written, 1U);
  EXPECT_EQ(done->removed, 0U);
  EXPECT_THAT(done->troubles, ElementsAre(AllOf(HasSubstr("\"patch\" and \"create\""), HasSubstr("openreports.io")),
                                          HasSubstr("\"delete\"")));
  server.fail(reports.api + "/reports?limit=500&labelSelector=app.kubernetes.io%2Fmanaged-by%3Dpinhook", 403,
              R"({"kind":"Status","message":"forbidden"})");
  EXPECT_THAT(write()->troubles.back(), HasSubstr("\"list\""));
}

TEST_F(WritePolicyReports, AReportThatIsGoneAlreadyIsNoTrouble) {
  has(reports, {"old"});
  server.fail(path("old"), 404, R"({"kind":"Status","message":"not found"})");
  const auto done = write();
  EXPECT_EQ(done->removed, 0U);
  EXPECT_THAT(done->troubles, IsEmpty());
}

TEST_F(WritePolicyReports, EndsWithoutCredentials) {
  has(reports);
  server.fail(apply("lab"), 401, "{}");
  EXPECT_EQ(write().error().code, error_code::unauthorized);
}

}  // namespace
}  // namespace pinhook::access
