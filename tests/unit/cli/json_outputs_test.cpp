// Every JSON that leaves the program, with every character that could break it in every text that others wrote, read by
// a reader that takes nothing but JSON.
#include "support/hostile_text.hpp"
#include "support/strict_json.hpp"

#include <pinhook/access/access_report.hpp>
#include <pinhook/admission/review.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/cli/explain.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/fleet/adoption_report.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/kube/api_objects.hpp>
#include <pinhook/kube/exec_credential.hpp>
#include <pinhook/kube/plugin_exchange.hpp>
#include <pinhook/kube/serving_objects.hpp>
#include <pinhook/pin/json_patch.hpp>
#include <pinhook/pin/recorded_pins.hpp>
#include <pinhook/pipeline/check_report.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/pipeline/resource_list.hpp>
#include <pinhook/pipeline/rule_report.hpp>
#include <pinhook/yaml/document.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {
namespace {

struct output {
  const char* name;
  /// With the text in every place that a user fills.
  std::function<std::string(const std::string&)> make;
  /// For people alone: unprintable characters are written as an escape of ours within the string.
  bool is_prose = false;
};

pipeline::checked_files findings_of(const std::string& text) {
  pipeline::finding f;
  f.rule = f.path = f.pointer = f.object = f.name = f.image = f.message = f.fix = text;
  f.change = pipeline::replacement{.text = text};
  pipeline::checked_file file;
  file.path = file.fault = text;
  file.findings = {f};
  file.images.push_back({text, text, files::skip_reason::none, {0}});
  return {file};
}

admission::answer answer_of(const std::string& text) {
  admission::answer out;
  out.is_allowed = false;
  out.status.lines = {text};
  out.warnings = {{text}, {text, true}};
  out.audit = {{"skipped", text}};
  return out;
}

fleet::report report_of(const std::string& text) {
  fleet::row r;
  r.ns = r.owner.kind = r.owner.name = r.owner.group = r.container = r.image = r.pointer = r.mode = r.tag = text;
  r.unresolved = text;
  r.if_opted_in = fleet::what_if{true, text, text, text};
  r.findings = {{text, pipeline::severity::error, text, text, rules::fix_kind::text}};
  fleet::report out;
  out.rows = {r};
  out.troubles = {text};
  return out;
}

std::vector<fleet::workload_adoption> adoption_of(const std::string& text) {
  fleet::image_adoption one{.container = text, .image = text};
  one.leave(text);
  return {{{text, text, text, text}, {one}}};
}

std::string patch_of(const std::string& text) {
  pin::json_patch out;
  out.replace(text, text);
  out.add(text, text);
  out.add_object(text);
  return out.text();
}

std::string results_of(const std::string& text) {
  pipeline::function_result r;
  r.message = r.api_version = r.kind = r.name = r.ns = r.field = r.current_value = r.proposed_value = r.file = text;
  const auto out =
      pipeline::with_results(R"({"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []})", {r});
  return out ? *out : out.error().message;
}

std::string access_of(const std::string& text) {
  access::access_report r;
  r.hosts = {{text, true, text}};
  r.credentials = {{text, text}};
  r.troubles = {text};
  r.attempts = std::vector<access::access_report::attempt>{{text, text, text, true}};
  return "{" + to_json_members(r) + "}";
}

std::string exec_info_of(const std::string& text) {
  kube::exec_plugin plugin;
  plugin.api_version = text;
  plugin.wants_cluster = true;
  kube::cluster where;
  where.server = where.tls.server_name = text;
  const std::string all = kube::exec_request(plugin, where, {}).environment.back();
  return all.substr(all.find('=') + 1);
}

std::string plugin_request_of(const std::string& text) {
  kube::plugin_question question;
  question.image = text;
  question.token = secret(text);
  question.annotations = {{text, text}};
  return kube::plugin_request(text, question).reveal();
}

const std::vector<output>& outputs() {
  static const std::vector<output> all{
      {"log", [](const std::string& t) { return log::render(log::format::json, t, log::level::info, t, {{"k", t}}); }},
      {"answer", [](const std::string& t) { return admission::encode_review(t, answer_of(t)); }, true},
      {"patch", patch_of},
      {"recorded pins",
       [](const std::string& t) {
         pin::recorded_pins out;
         out.put_newest({{t, registry::digest::of("x")}});
         return out.text();
       }},
      {"check -o json", [](const std::string& t) { return pipeline::write_json(findings_of(t), {}); }},
      {"report -o json", [](const std::string& t) { return fleet::write_json(report_of(t)); }},
      {"report -o sarif", [](const std::string& t) { return fleet::write_sarif(report_of(t)); }, true},
      {"adopt -o json", [](const std::string& t) { return fleet::adoption_json(adoption_of(t), false); }},
      {"check -o sarif", [](const std::string& t) { return pipeline::write_sarif(findings_of(t), {}, {}); }, true},
      {"results of fn", results_of},
      {"matching rules", [](const std::string& t) { return pipeline::to_json({{t, {t}, {t}, {{t, t, true}}}}); }},
      {"explain -o json", [](const std::string& t) { return explain(t, output_format::json).out; }},
      {"explain --try -o json", access_of},
      {"token request", [](const std::string& t) { return kube::token_request(t, std::chrono::seconds(600)); }},
      {"exec plugin", exec_info_of},
      {"credential plugin", plugin_request_of},
      {"secret", [](const std::string& t) { return kube::applied_secret(t, t, {{t, secret("x")}}).reveal(); }},
      {"webhook bundles", [](const std::string& t) { return kube::merged_bundles({t, {{t, "pem"}}}); }},
  };
  return all;
}

TEST(JsonOutputs, AreJsonWhateverATextHolds) {
  for (const output& one : outputs()) {
    SCOPED_TRACE(one.name);
    // At one alignment: what is copied here into a string of its own is aligned anyway, and the tests of base try the
    // writer at all of them.
    testing::for_each_hostile_text(
        [&](std::string_view text, std::string_view) {
          const std::string out = one.make(std::string(text));
          const auto read = testing::read_strict_json(out);
          ASSERT_TRUE(read) << out;
          ASSERT_TRUE(read->has_text(text) || (one.is_prose && read->has_text(printable(text)))) << out;
          // And no control character reaches a terminal.
          std::string line = out;
          std::erase(line, '\n');
          ASSERT_EQ(printable(line), line);
        },
        1);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(JsonOutputs, AreTheSameTextAsYaml) {
  for (const std::string& c : testing::hostile_characters()) {
    std::string scalar;
    json::append_string(scalar, "a" + c + "z");
    const auto read = yaml::parse("key: " + scalar + "\n");
    ASSERT_TRUE(read) << scalar << ": " << read.error().message;
    EXPECT_EQ(read->find("key")->text, "a" + c + "z") << scalar;
  }
}

TEST(OtherOutputs, HoldNothingThatATerminalObeys) {
  testing::for_each_hostile_text(
      [](std::string_view hostile, std::string_view) {
        const std::string text(hostile);
        const auto all = findings_of(text);
        for (std::string out : {pipeline::write_table(all, {}), pipeline::write_junit(all, {}),
                                pipeline::write_github(all, {}, {}), message_line("pin", text),
                                log::render(log::format::text, "noon", log::level::info, text, {{"k", text}})}) {
          std::erase(out, '\n');
          ASSERT_EQ(printable(out), out);
        }
        ASSERT_EQ(std::ranges::count(pipeline::write_github(all, {}, {}), '\n'), 2);
        ASSERT_EQ(std::ranges::count(pipeline::write_table(all, {}), '\n'), 1);
        ASSERT_EQ(std::ranges::count(message_line("pin", text), '\n'), 1);
      },
      1);
}

}  // namespace
}  // namespace pinhook::cli
