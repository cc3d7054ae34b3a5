#include <pinhook/server/metrics.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

// Counts everything once.
void count_all(metrics& m) {
  m.count_admission("enforce", "Deployment", "pinned", false, 1800us);
  m.count_slot("pinned", "registry");
  m.count_cache_lookup(cache_lookup::stale);
  m.set_cache_entries(12);
  m.count_registry_request("ghcr.io", "200", 20ms);
  m.count_token("ghcr.io", "ok");
  m.add_trouble("ghcr.io", "repository", 1);
  m.set_pulls_remaining("docker.io", 76);
  m.count_caller(caller::known);
  m.set_callers_verified(true);
  m.count_namespace_read("opted_in");
  m.count_withheld_lookup();
  m.count_reload(true);
  m.set_certificate_expiry(std::chrono::system_clock::from_time_t(1800000000));
  m.set_certificate_trusted(true);
  m.count_certificate_change(certificate_change::bundle);
  m.count_certificate_failure();
  m.count_slot("pinned", "lock");
  m.set_lock_images(3);
  m.count_lock_reload(false);
  m.set_moves(5, std::chrono::system_clock::from_time_t(1795000000));
  m.count_moves_reload(true);
  m.count_verifier_reload(true);
  m.count_signature_verdict("acme", "refused");
  m.count_rule_finding("no-latest", "deny", "shop");
  m.set_rules(4);
  m.count_configuration_reload(false);
  m.set_configuration_current(false);
  m.set_stalled_read("lock", true);
  m.set_stalled_read("configuration", true);
  m.set_stalled_read("configuration", false);
  auto& l = m.listener("webhook");
  l.opened();
  l.rejected();
  l.evicted();
  l.count_response(200);
  l.count_handshake_failure(handshake_failure::timeout);
}

TEST(Metrics, SaysNothingOfACertificateThatIsNotThere) {
  metrics m;
  EXPECT_THAT(m.render(), Not(HasSubstr("pinhook_certificate_expiry_timestamp_seconds")));
  EXPECT_THAT(m.render(), Not(HasSubstr("pinhook_certificate_trusted")));
}

TEST(Metrics, SaysNothingOfALockThatIsNotThere) {
  metrics m;
  EXPECT_THAT(m.render(), Not(HasSubstr("pinhook_lock_images")));
}

TEST(Metrics, SaysNothingOfAConfigurationThatIsNotThere) {
  metrics m;
  EXPECT_THAT(m.render(), Not(HasSubstr("pinhook_configuration_current")));
}

TEST(Metrics, ShowsWhatWasCounted) {
  metrics m;
  count_all(m);
  m.count_admission("enforce", "Deployment", "pinned", false, 1800us);
  m.count_admission("enforce", "Deployment", "pinned", true, 100ms);
  m.count_admission("enforce", "Deployment", "kept", true, 100ms);
  const std::string text = m.render();
  for (const auto* line : {
           "pinhook_admissions_total{dry_run=\"false\",kind=\"Deployment\",mode=\"enforce\",outcome=\"pinned\"} 2\n",
           "pinhook_admissions_total{dry_run=\"true\",kind=\"Deployment\",mode=\"enforce\",outcome=\"pinned\"} 1\n",
           "pinhook_admissions_total{dry_run=\"true\",kind=\"Deployment\",mode=\"enforce\",outcome=\"kept\"} 1\n",
           "pinhook_admission_duration_seconds_bucket{mode=\"enforce\",le=\"0.0025\"} 2\n",
           "pinhook_admission_duration_seconds_bucket{mode=\"enforce\",le=\"0.001\"} 0\n",
           "pinhook_slots_total{outcome=\"pinned\",source=\"registry\"} 1\n",
           "pinhook_cache_lookups_total{result=\"stale\"} 1\n",
           "pinhook_cache_entries 12\n",
           "pinhook_registry_requests_total{host=\"ghcr.io\",status=\"200\"} 1\n",
           "pinhook_registry_request_duration_seconds_count{host=\"ghcr.io\"} 1\n",
           "pinhook_registry_tokens_total{host=\"ghcr.io\",result=\"ok\"} 1\n",
           "pinhook_registry_pulls_remaining{host=\"docker.io\"} 76\n",
           "pinhook_connections{listener=\"webhook\"} 1\n",
           "pinhook_connections_total{listener=\"webhook\"} 1\n",
           "pinhook_connections_rejected_total{listener=\"webhook\"} 1\n",
           "pinhook_connections_evicted_total{listener=\"webhook\"} 1\n",
           "pinhook_http_responses_total{listener=\"webhook\",status=\"200\"} 1\n",
           "pinhook_tls_handshake_failures_total{reason=\"timeout\"} 1\n",
           "pinhook_certificate_expiry_timestamp_seconds 1800000000\n",
           "pinhook_certificate_reloads_total{result=\"success\"} 1\n",
           "pinhook_certificate_trusted 1\n",
           "pinhook_certificate_changes_total{what=\"bundle\"} 1\n",
           "pinhook_certificate_failures_total 1\n",
           "pinhook_slots_total{outcome=\"pinned\",source=\"lock\"} 1\n",
           "pinhook_lock_images 3\n",
           "pinhook_lock_reloads_total{result=\"failure\"} 1\n",
           "pinhook_lock_reloads_total{result=\"success\"} 0\n",
           "pinhook_moves_tags 5\n",
           "pinhook_moves_written_timestamp_seconds 1795000000\n",
           "pinhook_moves_reloads_total{result=\"success\"} 1\n",
           "pinhook_verifier_reloads_total{result=\"success\"} 1\n",
           "pinhook_signature_verdicts_total{result=\"refused\",verifier=\"acme\"} 1\n",
           "pinhook_rule_findings_total{action=\"deny\",namespace=\"shop\",rule=\"no-latest\"} 1\n",
           "pinhook_rules 4\n",
           "pinhook_configuration_reloads_total{result=\"failure\"} 1\n",
           "pinhook_configuration_reloads_total{result=\"success\"} 0\n",
           "pinhook_configuration_current 0\n",
           "pinhook_stalled_reads{files=\"lock\"} 1\n",
           "pinhook_stalled_reads{files=\"configuration\"} 0\n",
           "version=\"" PINHOOK_VERSION "\"",
       })
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(Metrics, TableAndOutputAgree) {
  metrics m;
  count_all(m);
  std::istringstream lines(m.render());
  std::set<std::string> shown;
  const std::regex type_line(R"(# TYPE (\S+) (\S+))");
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_match(line, found, type_line)) shown.insert(fmt::format("{} {}", found[1].str(), found[2].str()));
  }
  std::set<std::string> documented;
  for (const auto& one : metric_table) documented.insert(fmt::format("{} {}", one.name, to_string(one.type)));
  EXPECT_EQ(shown, documented);
}

TEST(Metrics, LabelsInTheTableAreThoseShown) {
  metrics m;
  count_all(m);
  const std::string text = m.render();
  for (const auto& one : metric_table) {
    std::istringstream labels{std::string(one.labels)};
    const std::string suffix = one.type == metric_type::histogram ? "_count" : "";
    const std::regex series(fmt::format(R"((?:^|\n){}{}(\{{[^\n]*\}})? )", one.name, suffix));
    std::smatch found;
    ASSERT_TRUE(std::regex_search(text, found, series)) << one.name;
    for (std::string label; std::getline(labels, label, ',');) EXPECT_THAT(found[1].str(), HasSubstr(label + "=\""));
    EXPECT_EQ(found[1].length() == 0, one.labels.empty()) << one.name;
  }
}

TEST(Metrics, UnknownLabelValuesBecomeOther) {
  metrics m;
  m.count_admission("nonsense", "Bitcoin\"Miner", "surprised", false, 1ms);
  m.count_slot("lost", "");
  m.count_rule_finding("one", "surprised", "shop");
  m.count_registry_request("a", "299", 1ms);
  m.listener("webhook").count_response(299);
  const std::string text = m.render();
  EXPECT_THAT(text, HasSubstr("{dry_run=\"false\",kind=\"other\",mode=\"other\",outcome=\"other\"} 1"));
  EXPECT_THAT(text, HasSubstr("{outcome=\"other\",source=\"none\"} 1"));
  EXPECT_THAT(text, HasSubstr("{action=\"other\",namespace=\"shop\",rule=\"one\"} 1"));
  EXPECT_THAT(text, HasSubstr("{host=\"a\",status=\"other\"} 1"));
  EXPECT_THAT(text, HasSubstr("{listener=\"webhook\",status=\"other\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("Bitcoin")));
}

TEST(Metrics, HostsBeyondTheLimitBecomeOther) {
  metrics m;
  for (std::size_t i = 0; i < metrics::host_limit + 20; ++i)
    m.count_registry_request(fmt::format("host-{}", i), "200", 1ms);
  m.count_registry_request("host-0", "200", 1ms);
  m.count_token("host-99", "ok");
  const std::string text = m.render();
  EXPECT_THAT(text, HasSubstr("pinhook_registry_requests_total{host=\"host-0\",status=\"200\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("pinhook_registry_requests_total{host=\"host-49\",status=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pinhook_registry_requests_total{host=\"other\",status=\"200\"} 20\n"));
  EXPECT_THAT(text, HasSubstr("pinhook_registry_tokens_total{host=\"other\",result=\"ok\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("host-50")));
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(Metrics, FindingsBeyondTheLimitBecomeOther) {
  metrics m;
  for (std::size_t i = 0; i < metrics::finding_limit + 20; ++i)
    m.count_rule_finding("one", "deny", fmt::format("n-{}", i));
  m.count_rule_finding("one", "deny", "n-0");
  std::string text = m.render();
  const auto line = [](std::string_view rule, std::string_view action, std::string_view ns, std::size_t count) {
    return fmt::format("pinhook_rule_findings_total{{action=\"{}\",namespace=\"{}\",rule=\"{}\"}} {}\n", action, ns,
                       rule, count);
  };
  EXPECT_THAT(text, HasSubstr(line("one", "deny", "n-0", 2)));
  EXPECT_THAT(text, HasSubstr(line("one", "deny", "n-999", 1)));
  EXPECT_THAT(text, HasSubstr(line("one", "deny", "other", 20)));
  EXPECT_THAT(text, Not(HasSubstr("n-1000")));

  // Rules are still counted apart, up to a limit, since reloading can bring new names without end.
  for (std::size_t i = 0; i < metrics::finding_limit; ++i) m.count_rule_finding(fmt::format("r-{}", i), "warn", "n-0");
  text = m.render();
  EXPECT_THAT(text, HasSubstr(line("r-498", "warn", "other", 1)));
  EXPECT_THAT(text, HasSubstr(line("other", "warn", "other", metrics::finding_limit - 499)));
  EXPECT_EQ(count_of(text, "pinhook_rule_findings_total{"), metrics::finding_limit * 3 / 2 + 1);
}

TEST(Metrics, CountsFindingsFromManyThreads) {
  metrics m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&m] {
      for (int i = 0; i < 2000; ++i)
        m.count_rule_finding(i % 2 == 0 ? "even" : "odd", "would-deny", fmt::format("n-{}", i % 50));
    });
  for (auto& t : threads) t.join();
  const std::string text = m.render();
  EXPECT_EQ(count_of(text, "} 160\n"), 50U);
  EXPECT_EQ(count_of(text, "pinhook_rule_findings_total{"), 50U);
}

TEST(Metrics, CountsFromManyThreads) {
  metrics m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&m] {
      for (int i = 0; i < 1000; ++i) {
        m.count_admission("audit", "Pod", "audited", false, 1ms);
        m.count_registry_request("a", "200", 1ms);
        if (i % 100 != 0) continue;
        EXPECT_FALSE(m.render().empty());
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_THAT(
      m.render(),
      HasSubstr("pinhook_admissions_total{dry_run=\"false\",kind=\"Pod\",mode=\"audit\",outcome=\"audited\"} 4000\n"));
  EXPECT_THAT(m.render(), HasSubstr("pinhook_registry_requests_total{host=\"a\",status=\"200\"} 4000\n"));
}

double value_of(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(Metrics, KnowsTheProcess) {
  metrics m;
  const std::string text = m.render();
  EXPECT_GT(value_of(text, "process_cpu_seconds_total"), 0);
  EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(text, "process_start_time_seconds"), 1.6e9);
  EXPECT_GE(value_of(text, "process_open_fds"), 3);
  EXPECT_GT(value_of(text, "process_max_fds"), 3);
}

// Namespaces come from whoever calls. The page stays one that Prometheus reads: lines of printable ASCII, one a series.
TEST(Metrics, HostileLabelsBreakNoLine) {
  metrics m;
  const std::string other = "a\"} 1\npinhook_forged 1\n";
  for (const std::string& ns : {other, std::string("\xff\xfe"), std::string("\\"), std::string("a\0b", 3),
                                std::string("\x1b[2J"), std::string("\u202e")})
    m.count_rule_finding("one", "deny", ns);
  m.count_admission("a\nb", "c\"d", "e\\f", false, 1ms);
  m.count_registry_request("host\"\n", "2\n00", 1ms);
  const std::string text = m.render();
  for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
  EXPECT_EQ(count_of(text, "\npinhook_forged"), 0U);
  EXPECT_EQ(count_of(text, "\npinhook_rule_findings_total{"), 6U);
  EXPECT_THAT(text, HasSubstr(R"(namespace="\\xff\\xfe")"));
}

}  // namespace
}  // namespace pinhook::server
