// `pinhook report` as a process, with an API server over TLS and a registry on loopback; and every command that
// docs/report.md shows.
#include "support/api_rules.hpp"
#include "support/certificates.hpp"
#include "support/fake_api_server.hpp"
#include "support/file_commands.hpp"
#include "support/fleet_objects.hpp"
#include "support/golden.hpp"
#include "support/markdown.hpp"
#include "support/pages.hpp"
#include "support/paths.hpp"

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/pin/kind_table.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const object_lists::resource deployments{"/apis/apps/v1", "deployments", "Deployment"};
const object_lists::resource pods{"/api/v1", "pods", "Pod"};
const object_lists::resource reports{"/apis/openreports.io/v1alpha1", "reports", "Report"};
const std::vector<std::string> report_lists{
    "namespaces", "deployments", "replicasets", "statefulsets",           "daemonsets",
    "cronjobs",   "jobs",        "pods",        "replicationcontrollers", "podtemplates"};

// An index with these platforms' manifests, and what was signed beside it.
std::string index_text(const std::vector<std::pair<std::string, std::string>>& platforms) {
  std::string out;
  for (const auto& [digest, architecture] : platforms)
    out += fmt::format(R"({}{{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"{}",)"
                       R"("platform":{{"os":"linux","architecture":"{}"}}}})",
                       out.empty() ? "" : ",", digest, architecture);
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + out + "]}";
}

class ReportProcess : public FileCommands {
 protected:
  ReportProcess() {
    server.allow_lists(report_lists);
    server.allow("get", "namespaces", "");
    kubeconfig = server.write_kubeconfig(logs_.path());
  }

  // The registry has this document under its digest and under a tag.
  std::string serve_document(const std::string& repository, const std::string& tag, const std::string& text) {
    const std::string digest = registry::digest::of(text).to_string();
    for (const std::string& name : {tag, digest})
      if (!name.empty())
        registry_.on("GET", fmt::format("/v2/{}/manifests/{}", repository, name),
                     {.status = 200,
                      .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"},
                                  {"Docker-Content-Digest", digest}},
                      .body = text});
    return digest;
  }

  void deploy(const std::string& ns, const std::vector<std::pair<std::string, std::string>>& images) {
    std::vector<std::string> objects;
    for (const auto& [name, image] : images) objects.push_back(workload_text(metadata_text(ns, name), {{"c", image}}));
    server.set_list(deployments, ns, objects);
  }

  program_result report(const std::string& arguments) const {
    return run(fmt::format("pinhook report --kubeconfig '{}' {}", kubeconfig, arguments));
  }

  // By the owner's name.
  static std::map<std::string, std::string> rows_of(const std::string& text) {
    std::map<std::string, std::string> out;
    for (const std::string& line : lines_of(text)) {
      const auto read = json::parse(line.ends_with(',') ? line.substr(0, line.size() - 1) : line);
      if (read && read->IsObject()) out.emplace(*json::find_string(*read, "owner"), line);
    }
    return out;
  }

  fake_api_server server;
  std::string kubeconfig;
};

TEST_F(ReportProcess, TellsWhatMovedWhatIsGoneAndWhatRuns) {
  const std::string amd = digest('1'), arm = digest('2');
  const std::string before = index_text({{amd, "amd64"}, {arm, "arm64"}});
  const std::string attested = index_text({{amd, "amd64"}, {arm, "arm64"}, {digest('3'), "unknown"}});
  const std::string rebuilt = index_text({{digest('4'), "amd64"}, {arm, "arm64"}});
  serve_document("same", "1", before);
  const std::string pinned = serve_document("list", "1", attested), old = registry::digest::of(before).to_string();
  serve_document("list", "", before);
  serve_document("bytes", "1", rebuilt);
  serve_document("bytes", "", before);
  serve_document("version", "1.4.2", rebuilt);
  serve_document("version", "", before);
  serve_document("lost", "1", rebuilt);
  server.set_namespaces({{"shop", "enforce"}});
  const auto at = [&](const std::string& name, const std::string& rest) { return image(name + rest); };
  deploy("shop", {{"same", at("same", ":1@" + old)},
                  {"list", at("list", ":1@" + old)},
                  {"bytes", at("bytes", ":1@" + old)},
                  {"version", at("version", ":1.4.2@" + old)},
                  {"lost", at("lost", ":1@" + old)},
                  {"missing", at("missing", ":1")},
                  {"tag", at("bytes", ":1")}});
  const auto pod = [&](const std::string& name, const std::string& owner, const std::string& written,
                       const std::string& id) {
    return pod_text(metadata_text("shop", name, {"apps/v1", "Deployment", owner}), {{"c", written, id}});
  };
  server.set_list(pods, "shop",
                  {pod("a", "same", at("same", ":1@" + old), at("same", "@" + amd)),
                   pod("b", "same", at("same", ":1@" + old), at("same", "@" + arm)),
                   pod("c", "bytes", at("bytes", ":1@" + old), at("bytes", "@" + digest('9'))),
                   pod("d", "tag", at("bytes", ":1"), at("bytes", "@" + old)),
                   pod("e", "tag", at("bytes", ":1"), at("bytes", "@" + registry::digest::of(rebuilt).to_string())),
                   pod("f", "list", at("list", ":1@" + old), digest('8'))});
  const auto done = report("-n shop -o json");
  EXPECT_EQ(done.exit_code, 1) << done.errors;
  const auto rows = rows_of(done.output);
  ASSERT_THAT(rows, SizeIs(7)) << done.output;
  const std::map<std::string, std::vector<std::string>> parts{
      {"same", {R"("moved":"none")", R"("mixed":false,"differs":false)", R"("gone":false)", R"("findings":[])"}},
      {"list",
       {R"("moved":"list")", R"("unknown_pods":1)", R"("differs":null)", R"("rule":"moved-list","severity":"note")"}},
      {"bytes", {R"("moved":"bytes")", R"("differs":true)", R"("rule":"running-differs")", R"("rule":"moved")"}},
      {"version", {R"("moved":"version-tag")", R"("rule":"moved-version","severity":"error")"}},
      {"lost", {R"("gone":true)", R"("rule":"gone")"}},
      {"missing", {R"("gone":null)", R"("rule":"unresolvable")", R"("written":"tag")"}},
      {"tag", {R"("mixed":true)", R"("rule":"mixed")", R"("mode":"enforce")"}}};
  for (const auto& [name, all] : parts)
    for (const auto& part : all) EXPECT_THAT(rows.at("Deployment/" + name), HasSubstr(part));
  EXPECT_THAT(done.errors, HasSubstr("in 7 images of 7 workloads in 1 namespace"));
  for (const auto& one : server.requests()) EXPECT_EQ(one.method, "GET");
  EXPECT_NE(pinned, old);
}

TEST_F(ReportProcess, AsksOnceForEachTagAndEachPin) {
  const std::string text = index_text({{digest('1'), "amd64"}});
  std::vector<std::pair<std::string, std::string>> images;
  for (int i = 0; i < 60; ++i) {
    const std::string name = fmt::format("app{}", i % 20);
    const std::string of = serve_document(name, "1", text);
    images.emplace_back(fmt::format("w{}", i), image(i % 2 == 0 ? name + ":1" : fmt::format("{}:1@{}", name, of)));
  }
  server.set_namespaces({{"shop", ""}});
  deploy("shop", images);
  const auto done = report("-A -o json");
  EXPECT_EQ(done.exit_code, 1) << done.errors;
  std::map<std::string, int> asked;
  for (const auto& one : registry_.requests())
    if (one.path().find("/manifests/") != std::string::npos) ++asked[one.path()];
  EXPECT_THAT(asked, SizeIs(30));
  for (const auto& [path, times] : asked) EXPECT_EQ(times, 1) << path;
}

TEST_F(ReportProcess, AsksNoRegistryWhenToldSo) {
  server.set_namespaces({{"shop", "audit"}, {"lab", ""}});
  deploy("shop", {{"web", image("a:1")}});
  const auto done = report("-A --no-registry");
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.output, AllOf(HasSubstr("NAMESPACE"), HasSubstr("audit"), HasSubstr("unpinned")));
  EXPECT_TRUE(registry_.requests().empty());
  EXPECT_EQ(report("-n lab --no-registry").exit_code, 0);
}

TEST_F(ReportProcess, ReportsTheRestWithoutRightsToANamespace) {
  for (const auto& one : report_lists) {
    server.forbid("list", one, "*");
    server.allow("list", one, "shop");
  }
  server.set_namespaces({{"shop", "enforce"}, {"lab", ""}});
  deploy("shop", {{"web", image("a:1")}});
  const auto done = report("-n shop -n lab --no-registry -o json");
  EXPECT_EQ(done.exit_code, 3);
  EXPECT_THAT(rows_of(done.output), SizeIs(1));
  EXPECT_THAT(done.errors, AllOf(HasSubstr("lab"), HasSubstr("HTTP 403"), HasSubstr("the same for")));
}

TEST_F(ReportProcess, EndsWithoutAReportWhenTheServerGoesAway) {
  server.set_namespaces({{"shop", ""}});
  server.fail("/api/v1/pods?limit=500", 503);
  const auto done = report("-A --no-registry -o json");
  EXPECT_EQ(done.exit_code, 3);
  EXPECT_EQ(done.output, "");
  EXPECT_THAT(done.errors, HasSubstr("list pods in all namespaces"));
}

TEST_F(ReportProcess, NamesALookUpThatFails) {
  server.set_namespaces({{"shop", ""}});
  deploy("shop", {{"web", image("down:1")}});
  registry_.on("GET", "/v2/down/manifests/1", {.status = 401});
  const auto done = report("-A -o json");
  EXPECT_EQ(done.exit_code, 3);
  EXPECT_THAT(done.errors, AllOf(HasSubstr("down:1"), HasSubstr("is not resolved")));
  EXPECT_THAT(done.output, HasSubstr(R"("moved":"unknown")"));
}

TEST_F(ReportProcess, RefusesWhatItCannotUse) {
  server.set_namespaces({{"shop", ""}});
  const std::pair<std::string, std::string> rows[] = {
      {"-l 'a b'", "--selector: \"a b\" is not a label selector"},
      {"-n No_Name", "is not a valid name of a namespace"},
      {"-n missing", "missing"},
      {"--context other", "other"},
      {"-A --config /nonexistent.yaml", "/nonexistent.yaml"},
  };
  for (const auto& [arguments, part] : rows) {
    const auto done = report(arguments + " --no-registry");
    EXPECT_EQ(done.exit_code, 2) << arguments << done.errors;
    EXPECT_THAT(done.errors, HasSubstr(part)) << arguments;
    EXPECT_EQ(done.output, "") << arguments;
  }
  const auto none = run("unset KUBECONFIG KUBERNETES_SERVICE_HOST; pinhook report -A");
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("--kubeconfig"));
}

TEST_F(ReportProcess, ShowsWhatOptingInWouldDo) {
  const std::string text = index_text({{digest('1'), "amd64"}});
  const std::string of = serve_document("web", "1", text);
  server.set_namespaces({{"shop", ""}});
  deploy("shop", {{"web", image("web:1")}, {"gone", image("missing:1")}});
  const auto done = report("-A --what-if enforce");
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.output, AllOf(HasSubstr("becomes " + image("web@" + of)), HasSubstr("denied by unresolvable")));
}

TEST_F(ReportProcess, DoesWhatItsPagesShow) {
  server.set_namespaces({{"shop", ""}, {"web", ""}});
  deploy("shop", {{"web", image("a:1")}});
  deploy("web", {{"api", image("b:2")}});
  server.set_list(deployments, "web",
                  {workload_text(metadata_text("web", "api", {}, R"(,"labels":{"team":"a"})"), {{"c", image("b:2")}})});
  const std::string text = index_text({{digest('1'), "amd64"}});
  serve_document("a", "1", text);
  serve_document("b", "2", text);
  server.set_list(reports, "", {});
  server.allow_lists({"reports"});
  for (const char* ns : {"shop", "web"})
    server.fail(fmt::format("{}/namespaces/{}/reports/pinhook?fieldManager=pinhook&force=false", reports.api, ns), 201,
                "{}");
  std::size_t count = 0;
  const std::string moves = "/api/v1/namespaces/pinhook/configmaps/image-moves";
  server.fail(moves, 404, R"({"kind":"Status","message":"not found"})");
  server.fail(moves + "?fieldManager=pinhook-report&force=true", 201, "{}");
  write("pinhook.yaml", "rules: [{name: others, cooldown: 72h}]\n");
  for (const std::string& line : lines_of(page_text("docs/report.md") + page_text("docs/cooldown.md"))) {
    if (!line.starts_with("pinhook report")) continue;
    ++count;
    const auto at = line.find("# exits ");
    const int expected = at == std::string::npos ? 0 : std::stoi(line.substr(at + 8));
    const auto done = run(fmt::format("export KUBECONFIG='{}'; {}", kubeconfig, line));
    EXPECT_EQ(done.exit_code, expected) << line << "\n" << done.output << done.errors;
  }
  EXPECT_GT(count, 11U);
  EXPECT_THAT(read("images.html"), AllOf(HasSubstr("<!doctype html>"), Not(HasSubstr("<script"))));
}

std::string basic(const std::string& user, const std::string& password) {
  return "Basic " + encode_base64(user + ":" + password);
}

// As the webhook asks: with the secrets of the Pods that pull the image. Without the flag no Secret is read.
TEST_F(ReportProcess, AsksWithTheRowsOwnPullSecrets) {
  const std::string text = index_text({{digest('1'), "amd64"}});
  const std::string has = registry::digest::of(text).to_string();
  registry_.otherwise([=](const recorded_request& r) -> reply {
    if (r.path() == "/v2/") return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"x\""}}};
    const bool is_shared = r.path().starts_with("/v2/shared/");
    if (r.header("Authorization") != basic(is_shared ? "shop" : "lab", "good"))
      return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"x\""}}};
    return {.status = 200,
            .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"}, {"Docker-Content-Digest", has}},
            .body = text};
  });
  server.set_namespaces({{"lab", ""}, {"shop", ""}});
  deploy("lab", {{"own", image("own:1")}, {"shared", image("shared:1")}});
  deploy("shop", {{"shared", image("shared:1")}});
  for (const char* ns : {"lab", "shop"}) {
    server.set_service_account(ns, "default", {"pull"});
    server.set_pull_secret(ns, "pull",
                           fmt::format(R"({{"auths":{{"{}":{{"auth":"{}"}}}}}})", registry_.host(),
                                       encode_base64(std::string(ns) + ":good")));
  }
  const auto secrets_read = [&] {
    return std::ranges::any_of(server.requests(), [](const auto& one) { return one.path.contains("/secrets/"); });
  };
  const auto without = report("-A -o json");
  EXPECT_EQ(without.exit_code, 3) << without.errors;
  EXPECT_FALSE(secrets_read());

  registry_.forget_requests();
  const auto refused = report("-A -o json --pull-secrets");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("namespace shop: "), HasSubstr("serviceaccounts")));

  server.allow_all();
  registry_.forget_requests();
  const auto done = report("-A -o json --pull-secrets");
  EXPECT_EQ(done.exit_code, 1) << done.errors;
  EXPECT_TRUE(secrets_read());
  std::size_t rows = 0;
  for (const auto& line : lines_of(done.output))
    rows += line.contains(fmt::format(R"("tag_digest":"{}")", has)) ? 1 : 0;
  EXPECT_EQ(rows, 3U) << done.output;
  // Each image was read once, and no other credentials were shown than those of its Pods.
  std::map<std::string, std::vector<std::string>> shown;
  for (const auto& one : registry_.requests())
    if (one.has_header("Authorization")) shown[one.path()].push_back(one.header("Authorization"));
  EXPECT_EQ(shown["/v2/own/manifests/1"], std::vector{basic("lab", "good")});
  EXPECT_EQ(shown["/v2/shared/manifests/1"], (std::vector{basic("lab", "good"), basic("shop", "good")}));
}

// What is written is in access/write_policy_reports_test.cpp.
TEST_F(ReportProcess, WritesReportsIntoTheCluster) {
  const std::string apply =
      "/apis/openreports.io/v1alpha1/namespaces/lab/reports/pinhook?fieldManager=pinhook&force=false";
  server.set_namespaces({{"lab", ""}});
  deploy("lab", {{"web", "nginx:1.25"}});
  const auto none = report("-A --no-registry --write-reports");
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.output, HasSubstr("nginx:1.25"));
  EXPECT_THAT(none.errors, HasSubstr("the cluster has neither reports of openreports.io/v1alpha1"));

  server.set_list(reports, "", {});
  server.allow_lists({"reports"});
  server.fail(apply, 201, "{}");
  const auto done = report("-n lab --no-registry --write-reports -o openreports");
  EXPECT_EQ(done.exit_code, 1) << done.errors;
  EXPECT_THAT(done.errors, HasSubstr("1 Report of openreports.io written, 0 removed"));
  std::string written;
  for (const auto& one : server.requests())
    if (one.method == "PATCH") written = one.body;
  EXPECT_THAT(written, HasSubstr(R"("rule":"unpinned")"));
  EXPECT_EQ(done.output, R"({"apiVersion":"v1","kind":"List","items":[)"
                         "\n" +
                             written + "\n]}\n");
}

struct granted_rights {
  /// Group and resource, and the verbs.
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> verbs;
};

granted_rights rights_of(const std::string& file) {
  const std::string text = read_file(source_dir() + "/manifests/rights/" + file);
  const auto role = yaml::parse(text.substr(0, text.find("\n---")));
  EXPECT_TRUE(role) << role.error().message;
  granted_rights out;
  for (const yaml::node& rule : role->find("rules")->items) {
    std::vector<std::string> verbs;
    for (const yaml::node& one : rule.find("verbs")->items) verbs.push_back(one.text);
    for (const yaml::node& resource : rule.find("resources")->items)
      out.verbs.emplace(std::pair(rule.find("apiGroups")->items.front().text, resource.text), verbs);
  }
  return out;
}

// manifests/rights: `get` and `list` on every kind that is read, for adopt `patch` on those that get a record, for
// --write-reports those on reports, and no other right.
TEST(Rights, AreThoseThatReportAndAdoptNeed) {
  const std::vector<std::string> reads{"get", "list"}, writes{"get", "list", "patch"};
  granted_rights of_report{{{{"", "namespaces"}, reads}}};
  granted_rights of_adopt = of_report;
  for (const pin::known_kind& one : pin::known_kinds()) {
    if (!one.is_sent()) continue;
    const std::pair<std::string, std::string> place(one.group, one.resource);
    const bool is_never_rolled_out =
        (one.group.empty() && one.kind == "Pod") || (one.group == "batch" && one.kind == "Job");
    of_report.verbs.emplace(place, reads);
    of_adopt.verbs.emplace(place, is_never_rolled_out ? reads : writes);
  }
  EXPECT_EQ(rights_of("report.yaml").verbs, of_report.verbs);
  EXPECT_EQ(rights_of("adopt.yaml").verbs, of_adopt.verbs);
  EXPECT_EQ(rights_of("pull-secrets.yaml").verbs,
            (decltype(of_adopt.verbs){{{"", "secrets"}, {"get"}}, {{"", "serviceaccounts"}, {"get"}}}));
  const std::vector<std::string> of_writer{"create", "delete", "list", "patch"};
  EXPECT_EQ(rights_of("write-reports.yaml").verbs,
            (decltype(of_adopt.verbs){{{"openreports.io", "reports"}, of_writer},
                                      {{"wgpolicyk8s.io", "policyreports"}, of_writer}}));
}

}  // namespace
}  // namespace pinhook::testing
