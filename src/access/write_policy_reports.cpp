#include <pinhook/access/write_policy_reports.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/kube/object_list.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace pinhook::access {
namespace {

// The first that the cluster has is written.
constexpr std::array<fleet::policy_report_kind, 2> kinds{fleet::openreports, fleet::wgpolicy};

// Limit in bytes of a conflict's message.
constexpr std::size_t shown_refusal = 300;

// A report of ours in the cluster.
struct present_report {
  std::string ns, uid;
};

// Nothing: it is not ours, whatever the selector has let through.
std::optional<present_report> read_present(std::string_view text) {
  const auto parsed = json::parse(text);
  const auto* metadata = parsed ? json::find(*parsed, "metadata") : nullptr;
  const auto* labels = metadata == nullptr ? nullptr : json::find(*metadata, "labels");
  if (labels == nullptr || json::find_string(*labels, fleet::policy_report_label) != fleet::policy_report_name ||
      json::find_string(*metadata, "name") != fleet::policy_report_name)
    return std::nullopt;
  return present_report{std::string(json::find_string(*metadata, "namespace").value_or("")),
                        std::string(json::find_string(*metadata, "uid").value_or(""))};
}

std::string only_this(const std::string& uid) {
  json::writer out;
  out.open_object();
  out.key("preconditions");
  out.open_object();
  out.member("uid", uid);
  out.close_object();
  out.close_object();
  return std::move(out).text();
}

// One run; it lives in the frame of write_policy_reports.
class report_writer {
 public:
  report_writer(kube::api_connection& to, report_writing request, deadline d)
      : to_(to), request_(std::move(request)), limit_(d) {}

  awaitable<result<written_reports>> run() {
    co_await find_kind();
    if (!stop_) co_await write_all();
    if (!stop_) co_await remove_stale();
    if (stop_) co_return fail(std::move(*stop_));
    co_return std::move(out_);
  }

 private:
  // What concerns one report, or the right to one kind of request, leaves the rest.
  void note(error e) {
    using enum error_code;
    if (e.code == denied || e.code == not_found || e.code == invalid_input || e.code == malformed ||
        e.code == unsupported)
      out_.troubles.push_back(std::move(e.message));
    else
      stop_ = std::move(e);
  }

  awaitable<void> find_kind() {
    const auto groups = co_await kube::find_groups(to_, limit_);
    if (!groups) {
      stop_ = groups.error();
      co_return;
    }
    for (const fleet::policy_report_kind& one : kinds) {
      if (!groups->contains(one.group)) continue;
      std::string group(one.group);
      std::string version(one.version);
      const auto resources = co_await kube::find_resources(to_, std::move(group), std::move(version), limit_);
      if (!resources) continue;  // the group without this version
      if (std::ranges::find(*resources, one.resource, &kube::api_resource::name) == resources->end()) continue;
      out_.kind = one;
      co_return;
    }
    stop_ = error{error_code::unsupported,
                  "the cluster has neither reports of openreports.io/v1alpha1 nor policyreports of "
                  "wgpolicyk8s.io/v1alpha2; install the CRDs of OpenReports "
                  "(https://github.com/openreports/reports-api), or leave --write-reports out",
                  std::nullopt};
  }

  [[nodiscard]] bool is_unread(const std::string& ns) const { return request_.unread.contains(ns); }

  awaitable<void> write_all() {
    for (fleet::policy_report& one : fleet::policy_reports(*request_.of, out_.kind)) {
      if (is_unread(one.ns)) continue;
      has_findings_.insert(one.ns);
      if (one.left_out > 0)
        out_.troubles.push_back(
            fmt::format("namespace {}: its report has no room for {}", one.ns, counted_noun(one.left_out, "finding")));
      co_await write(std::move(one));
      if (stop_) co_return;
    }
  }

  awaitable<void> write(fleet::policy_report one) {
    kube::api_call call{.attributes = attributes("patch", one.ns), .verb = http::method::patch};
    call.attributes.second_verb = "create";
    call.query = "fieldManager=pinhook&force=false";
    call.content_type = "application/apply-patch+yaml";
    call.body.emplace(std::move(one.text));
    call.takes_conflict = true;
    const auto answer = co_await to_.ask(std::move(call), limit_);
    if (!answer) {
      note(answer.error());
      co_return;
    }
    if (!answer->is_conflict()) {
      ++out_.written;
      co_return;
    }
    const auto parsed = json::parse(answer->body.reveal());
    const auto message = parsed ? json::find_string(*parsed, "message") : std::nullopt;
    out_.troubles.push_back(fmt::format("namespace {}: {} {} belongs to another field manager and is left{}", one.ns,
                                        out_.kind.kind, fleet::policy_report_name,
                                        message ? ": " + quoted(*message, shown_refusal) : ""));
  }

  awaitable<void> remove_stale() {
    // Where a part of every namespace could not be read, no finding is known to have ended.
    if (is_unread("")) co_return;
    std::vector<std::string> namespaces = request_.namespaces;
    if (namespaces.empty()) namespaces.emplace_back();
    for (std::size_t i = 0; i < namespaces.size() && !stop_; ++i) {
      std::string ns = namespaces[i];
      co_await remove_stale_in(std::move(ns));
    }
  }

  awaitable<void> remove_stale_in(std::string ns) {
    std::vector<present_report> present;
    kube::object_sink sink{[&](std::string_view text) -> result<void> {
                             if (auto one = read_present(text)) present.push_back(std::move(*one));
                             return {};
                           },
                           [&] { present.clear(); }};
    kube::listed_resource which{.group = std::string(out_.kind.group),
                                .version = std::string(out_.kind.version),
                                .resource = std::string(out_.kind.resource),
                                .ns = std::move(ns),
                                .labels = fmt::format("{}={}", fleet::policy_report_label, fleet::policy_report_name)};
    const kube::list_options options;
    const auto done = co_await kube::list_objects(to_, std::move(which), std::move(sink), options, limit_);
    if (!done) {
      note(done.error());
      co_return;
    }
    for (std::size_t i = 0; i < present.size() && !stop_; ++i) {
      const present_report& one = present[i];
      if (has_findings_.contains(one.ns) || is_unread(one.ns)) continue;
      kube::api_call call{.attributes = attributes("delete", one.ns), .verb = http::method::remove};
      call.content_type = "application/json";
      call.body.emplace(only_this(one.uid));
      const auto answer = co_await to_.ask(std::move(call), limit_);
      if (answer)
        ++out_.removed;
      else if (answer.error().code != error_code::not_found)
        note(answer.error());
    }
  }

  [[nodiscard]] kube::request_attributes attributes(std::string verb, const std::string& ns) const {
    kube::request_attributes out{.verb = std::move(verb),
                                 .resource = std::string(out_.kind.resource),
                                 .ns = ns,
                                 .name = std::string(fleet::policy_report_name)};
    out.group = out_.kind.group;
    out.version = out_.kind.version;
    return out;
  }

  kube::api_connection& to_;
  const report_writing request_;
  const deadline limit_;
  std::set<std::string, std::less<>> has_findings_;
  written_reports out_;
  std::optional<error> stop_;
};

}  // namespace

awaitable<result<written_reports>> write_policy_reports(kube::api_connection& to, report_writing request, deadline d) {
  report_writer all(to, std::move(request), d);
  auto out = co_await all.run();
  co_return out;
}

}  // namespace pinhook::access
