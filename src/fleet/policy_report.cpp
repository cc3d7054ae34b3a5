#include <pinhook/fleet/policy_report.hpp>

#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

namespace pinhook::fleet {
namespace {

// Limit in bytes of a text of a result. An image in an object can be any text.
constexpr std::size_t most_text = 1024;

// Beside the results: metadata, the summary, and the result that says what was left out.
constexpr std::size_t room_for_frame = 2048;

struct finding_of_row {
  const row* of = nullptr;
  const row_finding* finding = nullptr;
};

struct level_words {
  std::string_view result, severity;
};

// By pipeline::severity; notes are left out.
level_words words_of(pipeline::severity level) {
  return level == pipeline::severity::error ? level_words{"fail", "high"} : level_words{"warn", "medium"};
}

std::string short_text(std::string_view text) { return cut_middle(printable(text), most_text); }

// "apps/v1"; empty where the version is not known.
std::string api_version(const report& r, const object_id& id) {
  const auto version = r.versions.find(id.group);
  if (version != r.versions.end()) return id.group.empty() ? version->second : id.group + "/" + version->second;
  return id.group.empty() ? "v1" : std::string();
}

void write_resource(json::writer& to, const report& r, const row& of) {
  to.key("resources");
  to.open_array();
  to.open_object();
  if (const auto version = api_version(r, of.owner); !version.empty()) to.member("apiVersion", version);
  to.member("kind", of.owner.kind);
  to.member("name", of.owner.name);
  to.member("namespace", of.ns);
  to.close_object();
  to.close_array();
}

std::string result_text(const report& r, const finding_of_row& one) {
  const row_finding& f = *one.finding;
  const level_words words = words_of(f.level);
  json::writer to;
  to.open_object();
  to.member("source", policy_report_name);
  to.member("policy", policy_report_name);
  to.member("rule", f.rule);
  to.member("category", "Images");
  to.member("result", words.result);
  to.member("severity", words.severity);
  to.member("message", short_text(f.message));
  write_resource(to, r, *one.of);
  to.key("properties");
  to.open_object();
  to.member("container", short_text(one.of->container));
  to.member("image", short_text(one.of->image));
  to.member("fix", short_text(f.fix));
  to.close_object();
  if (f.first_seen) {
    to.key("timestamp");
    to.open_object();
    to.key("seconds"),
        to.number(std::int64_t{std::chrono::floor<std::chrono::seconds>(*f.first_seen).time_since_epoch().count()});
    to.key("nanos"), to.number(0);
    to.close_object();
  }
  to.key("scored"), to.boolean(true);
  to.close_object();
  return std::move(to).text();
}

std::string left_out_text(const std::string& ns, std::size_t count) {
  json::writer to;
  to.open_object();
  to.member("source", policy_report_name);
  to.member("policy", policy_report_name);
  to.member("rule", "left-out");
  to.member("result", "skip");
  to.member("message", fmt::format("{} more for which this report has no room: pinhook report -n {}",
                                   counted_noun(count, "finding"), ns));
  to.close_object();
  return std::move(to).text();
}

// Errors are the last to be left out; those of one level keep their order. (libstdc++ 12's stable_sort uses functions
// that Clang reports as deprecated.)
std::vector<finding_of_row> worst_first(const std::vector<finding_of_row>& all) {
  std::vector<finding_of_row> out;
  out.reserve(all.size());
  for (const auto level : {pipeline::severity::error, pipeline::severity::warning, pipeline::severity::note})
    std::ranges::copy_if(all, std::back_inserter(out),
                         [&](const finding_of_row& one) { return one.finding->level == level; });
  return out;
}

class report_maker {
 public:
  report_maker(const report& r, const policy_report_kind& kind, std::size_t most) : r_(r), kind_(kind), most_(most) {}

  [[nodiscard]] policy_report make(const std::string& ns, const std::vector<finding_of_row>& all) const {
    policy_report out{.ns = ns, .text = {}};
    std::string results;
    std::size_t fails = 0, taken = 0;
    for (const finding_of_row& one : worst_first(all)) {
      const auto text = result_text(r_, one);
      if (results.size() + text.size() + room_for_frame > most_) break;
      results += (results.empty() ? "" : ",") + text;
      ++taken;
      if (one.finding->level == pipeline::severity::error) ++fails;
    }
    out.left_out = all.size() - taken;
    if (out.left_out > 0) results += (results.empty() ? "" : ",") + left_out_text(ns, out.left_out);
    out.text = frame(ns, results, {fails, taken - fails, out.left_out > 0 ? 1U : 0U});
    return out;
  }

 private:
  struct summary_counts {
    std::size_t fail = 0, warn = 0, skip = 0;
  };

  [[nodiscard]] std::string frame(const std::string& ns, const std::string& results, const summary_counts& n) const {
    return fmt::format(R"({{"apiVersion":"{}/{}","kind":"{}","metadata":{},{})"
                       R"("summary":{{"pass":0,"fail":{},"warn":{},"error":0,"skip":{}}},"results":[{}]}})",
                       kind_.group, kind_.version, kind_.kind, metadata(ns),
                       kind_.has_source ? fmt::format(R"("source":"{}",)", policy_report_name) : "", n.fail, n.warn,
                       n.skip, results);
  }

  static std::string metadata(const std::string& ns) {
    json::writer to;
    to.open_object();
    to.member("name", policy_report_name);
    to.member("namespace", ns);
    to.key("labels");
    to.open_object();
    to.member(policy_report_label, policy_report_name);
    to.close_object();
    to.close_object();
    return std::move(to).text();
  }

  const report& r_;
  const policy_report_kind& kind_;
  const std::size_t most_;
};

}  // namespace

std::vector<policy_report> policy_reports(const report& r, const policy_report_kind& kind, std::size_t most) {
  std::map<std::string, std::vector<finding_of_row>> by_namespace;
  for (const row& one : r.rows)
    for (const row_finding& f : one.findings)
      if (f.level != pipeline::severity::note) by_namespace[one.ns].push_back({&one, &f});
  const report_maker maker(r, kind, most);
  std::vector<policy_report> out;
  for (const auto& [ns, findings] : by_namespace) out.push_back(maker.make(ns, findings));
  return out;
}

std::string write_openreports(const report& r) {
  std::string out = R"({"apiVersion":"v1","kind":"List","items":[)";
  bool is_first = true;
  for (const policy_report& one : policy_reports(r, openreports)) {
    out += (is_first ? "\n" : ",\n") + one.text;
    is_first = false;
  }
  return out + (is_first ? "]}\n" : "\n]}\n");
}

}  // namespace pinhook::fleet
