#include <pinhook/webhook/telemetry.hpp>

#include <pinhook/base/json.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;
using admission::slot_outcome;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string>& lines() {
  static std::vector<std::string> all;
  return all;
}

class Telemetry : public ::testing::Test {
 protected:
  Telemetry() {
    lines().clear();
    log::configure({.least = log::level::info, .shape = log::format::json});
    log::redirect([](std::string_view line) { lines().emplace_back(line); });
  }
  ~Telemetry() override {
    log::redirect(nullptr);
    log::configure({});
  }

  static admission::verdict verdict(admission::outcome o, std::vector<slot_outcome> slots) {
    admission::verdict v;
    v.outcome = o;
    v.uid = "u";
    v.kind = "Pod";
    v.slots = std::move(slots);
    return v;
  }

  server::metrics numbers_;
  telemetry seen_{numbers_};
};

TEST_F(Telemetry, ChangedAndRefusedAdmissionsAreLinesUnchangedAreNot) {
  const slot_outcome pinned{slot_outcome::kind::pinned, "c", "a:1", "a@sha256:x", "cache"};
  const slot_outcome failed{slot_outcome::kind::failed, "c", "a:1", "", "no such tag"};
  const slot_outcome skipped{slot_outcome::kind::skipped, "c", "a@sha256:x", "", "pinned already"};
  EXPECT_EQ(level_of(verdict(admission::outcome::unchanged, {skipped})), log::level::debug);
  EXPECT_EQ(level_of(verdict(admission::outcome::unchanged, {failed})), log::level::info);
  EXPECT_EQ(level_of(verdict(admission::outcome::pinned, {pinned})), log::level::info);
  EXPECT_EQ(level_of(verdict(admission::outcome::denied, {failed})), log::level::info);
  EXPECT_EQ(level_of(verdict(admission::outcome::bad_request, {})), log::level::warning);

  seen_.admitted(verdict(admission::outcome::unchanged, {skipped}), pin::mode::audit, 1ms);
  EXPECT_THAT(lines(), SizeIs(0));
  seen_.admitted(verdict(admission::outcome::pinned, {pinned}), pin::mode::enforce, 1500us);
  ASSERT_THAT(lines(), SizeIs(1));
  const auto line = json::parse(lines()[0]);
  ASSERT_TRUE(line) << lines()[0];
  EXPECT_EQ(json::find_string(*line, "outcome"), "pinned");
  EXPECT_DOUBLE_EQ(json::find(*line, "duration_ms")->GetDouble(), 1.5);
}

// A search of the log for "pinned" finds each image that was pinned, with its time.
TEST_F(Telemetry, DryRunsSaySoAndWhatIsKeptIsNoNews) {
  const slot_outcome kept{slot_outcome::kind::kept, "c", "a:1", "a@sha256:x", "recorded"};
  auto v = verdict(admission::outcome::kept, {kept});
  EXPECT_EQ(level_of(v), log::level::debug);
  v.is_dry_run = true;
  seen_.admitted(v, pin::mode::enforce, 1ms);
  EXPECT_THAT(lines(), SizeIs(0));
  v.outcome = admission::outcome::pinned;
  seen_.admitted(v, pin::mode::enforce, 1ms);
  v.is_dry_run = false;
  seen_.admitted(v, pin::mode::enforce, 1ms);
  ASSERT_THAT(lines(), SizeIs(2));
  EXPECT_THAT(lines()[0], HasSubstr(R"("dry_run":true)"));
  EXPECT_THAT(lines()[1], Not(HasSubstr("dry_run")));
  EXPECT_THAT(
      numbers_.render(),
      AllOf(HasSubstr(R"(pinhook_admissions_total{dry_run="true",kind="Pod",mode="enforce",outcome="kept"} 1)"),
            HasSubstr(R"(pinhook_admissions_total{dry_run="true",kind="Pod",mode="enforce",outcome="pinned"} 1)"),
            HasSubstr(R"(pinhook_admissions_total{dry_run="false",kind="Pod",mode="enforce",outcome="pinned"} 1)")));
}

TEST_F(Telemetry, SlotsReadAsSentences) {
  EXPECT_EQ(describe({slot_outcome::kind::pinned, "web", "a:1", "a@sha256:x", "recorded"}),
            "web: a:1 -> a@sha256:x (recorded)");
  EXPECT_EQ(describe({slot_outcome::kind::failed, "web", "a:1", "", "no such tag"}), "web: a:1 (no such tag)");
  EXPECT_EQ(describe({slot_outcome::kind::failed, "", "a:1", "", "no such tag"}), "a:1 (no such tag)");
}

// Stores of logs cut or refuse lines of more than 256 KiB.
TEST_F(Telemetry, ALineIsBoundedWhateverItsNamesAre) {
  const std::string sha = "@sha256:" + std::string(64, 'a');
  auto usual = verdict(admission::outcome::pinned, {});
  for (int i = 0; i < 500; ++i)
    usual.slots.push_back({slot_outcome::kind::pinned, "web", "ghcr.io/acme/api:1", "ghcr.io/acme/api" + sha, "cache"});
  seen_.admitted(usual, pin::mode::enforce, 1ms);
  EXPECT_THAT(lines().at(0), Not(HasSubstr(" more\"")));

  const std::string name(10'000, 'n');
  auto odd = verdict(admission::outcome::denied, {});
  for (int i = 0; i < 1000; ++i) {
    odd.slots.push_back({slot_outcome::kind::failed, name, name, name, name});
    odd.findings.push_back({"own", "deny", name, name});
  }
  seen_.admitted(odd, pin::mode::enforce, 1ms);
  EXPECT_LT(lines().at(1).size(), 256U * 1024);
  const auto line = json::parse(lines()[1]);
  ASSERT_TRUE(line);
  for (const char* key : {"images", "findings"}) {
    const json::value& all = *json::find(*line, key);
    const std::string last(json::text_of(all[all.Size() - 1]));
    EXPECT_EQ(last, fmt::format("and {} more", 1001 - all.Size())) << key;
  }
}

TEST_F(Telemetry, AdmissionsThatBreakRulesAreCountedAndTold) {
  const slot_outcome kept{slot_outcome::kind::skipped, "web", "nginx", "", "rule"};
  auto v = verdict(admission::outcome::unchanged, {kept});
  v.ns = "shop";
  v.findings = {{"no-latest", "warn", "web", "nginx"}, {"own", "audit", "", "nginx"}};
  EXPECT_EQ(level_of(v), log::level::info);
  seen_.admitted(v, pin::mode::enforce, 1ms);
  seen_.admitted(v, pin::mode::enforce, 1ms);
  EXPECT_THAT(lines().at(0), HasSubstr(R"("findings":["warn no-latest: web: nginx","audit own: nginx"])"));
  EXPECT_THAT(numbers_.render(),
              AllOf(HasSubstr(R"(pinhook_rule_findings_total{action="warn",namespace="shop",rule="no-latest"} 2)"),
                    HasSubstr(R"(pinhook_rule_findings_total{action="audit",namespace="shop",rule="own"} 2)")));
  v.findings.clear();
  v.outcome = admission::outcome::pinned;
  seen_.admitted(v, pin::mode::enforce, 1ms);
  EXPECT_THAT(lines().at(2), Not(HasSubstr("findings")));
}

TEST_F(Telemetry, EverythingIsCounted) {
  seen_.admitted(
      verdict(admission::outcome::denied, {{slot_outcome::kind::failed, "c", "a:1", "", "no such tag"},
                                           {slot_outcome::kind::kept, "d", "a:2", "a@sha256:x", "recorded"}}),
      pin::mode::enforce, 1ms);
  seen_.registry_request("r.example", 200, "", 1ms);
  seen_.registry_request("r.example", 0, "timed_out", 1ms);
  seen_.token_fetched("t.example", "ok");
  for (const auto event : {resolve::cache_event::fresh, resolve::cache_event::negative, resolve::cache_event::stale,
                           resolve::cache_event::miss})
    seen_.cache_met(event);
  seen_.levels(7, 1);
  seen_.proved("acme", proofs::proof_outcome::failed);
  EXPECT_THAT(
      numbers_.render(),
      AllOf(HasSubstr(R"(pinhook_admissions_total{dry_run="false",kind="Pod",mode="enforce",outcome="denied"} 1)"),
            HasSubstr(R"(pinhook_slots_total{outcome="failed",source="none"} 1)"),
            HasSubstr(R"(pinhook_slots_total{outcome="kept",source="recorded"} 1)"),
            HasSubstr(R"(pinhook_registry_requests_total{host="r.example",status="200"} 1)"),
            HasSubstr(R"(pinhook_registry_requests_total{host="r.example",status="timed_out"} 1)"),
            HasSubstr(R"(pinhook_signature_verdicts_total{result="failed",verifier="acme"} 1)"),
            HasSubstr(R"(pinhook_registry_tokens_total{host="t.example",result="ok"} 1)"),
            HasSubstr(R"(pinhook_cache_lookups_total{result="stale"} 1)"),
            HasSubstr(R"(pinhook_cache_lookups_total{result="negative"} 1)"), HasSubstr("pinhook_cache_entries 7")));
}

}  // namespace
}  // namespace pinhook::webhook
