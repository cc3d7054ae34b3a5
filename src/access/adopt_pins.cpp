#include <pinhook/access/adopt_pins.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/kube/api_error.hpp>
#include <pinhook/kube/object_list.hpp>
#include <pinhook/pin/kind_table.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace pinhook::access {
namespace {

using fleet::adoption_state;
using fleet::workload_adoption;

// Limit in bytes of a conflict's message.
constexpr std::size_t shown_conflict = 300;

// Where the objects of a kind are.
struct kind_path {
  std::string version;
  std::string resource;
};

void leave_pending(workload_adoption& of, const std::string& reason) {
  for (auto& one : of.images)
    if (one.state == adoption_state::pending) one.leave(reason);
}

std::string conflict_reason(const secret& body) {
  const auto parsed = json::parse(body.reveal());
  const auto message = parsed ? json::find_string(*parsed, "message") : std::nullopt;
  return fmt::format(
      "the annotation belongs to another field manager{}; record the digest where that manager writes it (the "
      "manifest), or take it over with --force-conflicts",
      message ? ": " + quoted(*message, shown_conflict) : "");
}

// One run; it lives in the frame of adopt_pins.
class adopting {
 public:
  adopting(kube::api_connection& to, adopt_request request, deadline d)
      : to_(to), request_(std::move(request)), limit_(d) {}

  awaitable<result<std::vector<workload_adoption>>> run() {
    for (auto& one : request_.plan) {
      if (!one.has(adoption_state::pending)) continue;
      co_await adopt(one);
      if (stop_) co_return fail(std::move(*stop_));
    }
    co_return std::move(request_.plan);
  }

 private:
  // What concerns one object leaves it; any other failure ends the run.
  void note(workload_adoption& of, error e) {
    using enum error_code;
    const bool is_of_object = e.code == denied || e.code == not_found || e.code == invalid_input ||
                              e.code == malformed || e.code == unsupported;
    if (is_of_object)
      leave_pending(of, e.message);
    else
      stop_ = std::move(e);
  }

  awaitable<void> adopt(workload_adoption& of) {
    const auto found = co_await find_path(of.id);
    if (!found) {
      note(of, found.error());
      co_return;
    }
    const kind_path& path = *found;
    const kube::request_attributes reads = attributes("get", of.id, path);
    kube::api_call get{.attributes = reads};
    auto answer = co_await to_.ask(std::move(get), limit_);
    const auto held = kube::read_answer(std::move(answer), reads, fleet::read_holder);
    if (!held) {
      note(of, held.error());
      co_return;
    }
    const auto record = fleet::record_of(of, held->pins);
    if (!record) co_return;
    kube::api_call patch = patch_of(of.id, path, held->uid, *record);
    const auto written = co_await to_.ask(std::move(patch), limit_);
    if (!written) {
      note(of, written.error());
      co_return;
    }
    if (written->is_conflict()) {
      leave_pending(of, conflict_reason(written->body));
      co_return;
    }
    for (auto& one : of.images)
      if (one.state == adoption_state::pending) one.state = adoption_state::adopted;
  }

  static kube::request_attributes attributes(std::string verb, const fleet::object_id& id, const kind_path& path) {
    kube::request_attributes out{.verb = std::move(verb), .resource = path.resource, .ns = id.ns, .name = id.name};
    out.group = id.group;
    out.version = path.version;
    return out;
  }

  [[nodiscard]] kube::api_call patch_of(const fleet::object_id& id, const kind_path& path, const std::string& uid,
                                        const std::string& record) const {
    kube::api_call out{.attributes = attributes("patch", id, path), .verb = http::method::patch};
    out.query = fmt::format("fieldManager=pinhook&force={}{}", request_.takes_over ? "true" : "false",
                            request_.is_dry_run ? "&dryRun=All" : "");
    out.content_type = "application/apply-patch+yaml";
    const std::string api_version = id.group.empty() ? path.version : id.group + "/" + path.version;
    out.body.emplace(fleet::applied_record(id, api_version, uid, record));
    out.takes_conflict = true;
    return out;
  }

  awaitable<result<kind_path>> find_path(const fleet::object_id& id) {
    for (const pin::known_kind& one : pin::known_kinds())
      if (one.is_built_in() && one.group == id.group && one.kind == id.kind)
        co_return kind_path{"v1", std::string(one.resource)};
    const auto known = paths_.find({id.group, id.kind});
    if (known != paths_.end()) co_return known->second;
    auto asked = co_await ask_path(id);
    if (asked) paths_.emplace(std::pair(id.group, id.kind), *asked);
    co_return asked;
  }

  awaitable<result<kind_path>> ask_path(const fleet::object_id& id) {
    const auto groups = co_await kube::find_groups(to_, limit_);
    if (!groups) co_return fail(groups.error());
    const auto version = groups->find(id.group);
    if (version != groups->end()) {
      std::string group = id.group;
      std::string of_version = version->second;
      const auto resources = co_await kube::find_resources(to_, std::move(group), std::move(of_version), limit_);
      if (!resources) co_return fail(resources.error());
      const auto one = std::ranges::find(*resources, id.kind, &kube::api_resource::kind);
      if (one != resources->end()) co_return kind_path{version->second, one->name};
    }
    co_return fail(error_code::not_found, fmt::format("the API server does not know the kind {}", id.kind));
  }

  kube::api_connection& to_;
  adopt_request request_;
  const deadline limit_;
  std::map<std::pair<std::string, std::string>, kind_path> paths_;
  std::optional<error> stop_;
};

}  // namespace

awaitable<result<std::vector<workload_adoption>>> adopt_pins(kube::api_connection& to, adopt_request request,
                                                             deadline d) {
  adopting all(to, std::move(request), d);
  auto out = co_await all.run();
  co_return out;
}

}  // namespace pinhook::access
