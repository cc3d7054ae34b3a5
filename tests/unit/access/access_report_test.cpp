#include <pinhook/access/access_report.hpp>

#include <pinhook/base/json.hpp>

#include <gtest/gtest.h>

namespace pinhook::access {
namespace {

access_report some_report() {
  access_report r;
  r.hosts = {{"https://mirror.example.com", true, "", "", "hub/app", "/etc/r.conf"},
             {"https://ghcr.io", false, "http://proxy:3128"}};
  r.pulled_from = {{"https://ghcr.io", false, "http://proxy:3128"}};
  r.credentials = {{"pull secret regcred", "ghcr.io/acme"}, {"credential plugin ecr", ""}};
  r.troubles = {"pull secret old: it does not exist"};
  return r;
}

TEST(AccessReport, TellsAPerson) {
  access_report r = some_report();
  EXPECT_EQ(to_lines(r),
            "asked at    mirror https://mirror.example.com, as hub/app, directly (by /etc/r.conf)\n"
            "            https://ghcr.io, through the proxy http://proxy:3128\n"
            "pulled from https://ghcr.io, through the proxy http://proxy:3128\n"
            "credentials pull secret regcred (ghcr.io/acme)\n"
            "            credential plugin ecr\n"
            "trouble     pull secret old: it does not exist\n");
  r.attempts = {{"https://ghcr.io", "pull secret regcred", fail(error_code::denied, "HTTP 403")},
                {"https://ghcr.io", "credential plugin ecr", std::string("sha256:abc")}};
  EXPECT_NE(to_lines(r).find("tried       https://ghcr.io, pull secret regcred: HTTP 403\n"
                             "            https://ghcr.io, credential plugin ecr: sha256:abc\n"),
            std::string::npos);
}

TEST(AccessReport, SaysWhichHostIsNeverAsked) {
  access_report r;
  r.hosts = {{"https://169.254.169.254", false, "", "it is a link-local address"}};
  EXPECT_TRUE(to_lines(r).starts_with("asked at    https://169.254.169.254, never: it is a link-local address\n"));
  EXPECT_NE(
      to_json_members(r).find(R"("proxy":null,"refusal":"it is a link-local address","repository":null,"from":null})"),
      std::string::npos);
}

TEST(AccessReport, SaysWhatNodesReadAndWhereNothingServesADigest) {
  access_report r;
  r.meaning = "a.test/nginx:1";
  r.pulled_from.emplace();
  EXPECT_TRUE(
      to_lines(r).starts_with("nodes read  a.test/nginx:1\n"
                              "pulled from nowhere: no place may serve it by digest\n"));
  EXPECT_NE(to_json_members(r).find(R"("meaning":"a.test/nginx:1")"), std::string::npos);
}

TEST(AccessReport, SaysThatItIsAskedAnonymously) {
  EXPECT_EQ(to_lines({}), "credentials none: it is asked anonymously\n");
}

TEST(AccessReport, TellsAProgram) {
  access_report r = some_report();
  EXPECT_EQ("{" + to_json_members(r) + "}",
            R"({"meaning":null,"hosts":[{"url":"https://mirror.example.com","kind":"mirror","proxy":null,)"
            R"("refusal":null,"repository":"hub/app","from":"/etc/r.conf"},)"
            R"({"url":"https://ghcr.io","kind":"registry","proxy":"http://proxy:3128","refusal":null,)"
            R"("repository":null,"from":null}],"pulledFrom":[)"
            R"({"url":"https://ghcr.io","kind":"registry","proxy":"http://proxy:3128","refusal":null,)"
            R"("repository":null,"from":null}],)"
            R"("credentials":[{"source":"pull secret regcred","pattern":"ghcr.io/acme"},)"
            R"({"source":"credential plugin ecr","pattern":null}],)"
            R"("troubles":["pull secret old: it does not exist"]})");
  r.attempts = {{"h", "c", fail(error_code::denied, "a \"quoted\" word")}, {"h", "d", std::string("sha256:abc")}};
  const std::string text = "{" + to_json_members(r) + "}";
  EXPECT_TRUE(json::parse(text)) << text;
  EXPECT_NE(text.find(R"("attempts":[{"host":"h","credential":"c","digest":null,"error":"a \"quoted\" word"},)"
                      R"({"host":"h","credential":"d","digest":"sha256:abc","error":null}])"),
            std::string::npos)
      << text;
}

TEST(AccessReport, FailsWhenNobodyGaveADigest) {
  access_report r;
  EXPECT_FALSE(r.has_failed());
  r.attempts.emplace();
  EXPECT_TRUE(r.has_failed());
  r.attempts->push_back({"h", "c", fail(error_code::denied, "no")});
  EXPECT_TRUE(r.has_failed());
  r.attempts->push_back({"h", "c", std::string("sha256:abc")});
  EXPECT_FALSE(r.has_failed());
}

}  // namespace
}  // namespace pinhook::access
