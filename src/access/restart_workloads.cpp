#include <pinhook/access/restart_workloads.hpp>

#include <pinhook/base/deadline.hpp>
#include <pinhook/base/duration.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/fleet/rollout.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/pin/kind_table.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace pinhook::access {
namespace {

using fleet::adoption_state;
using fleet::rollout_state;
using fleet::workload_adoption;

// Between two looks at a workload; a container takes seconds to start.
constexpr std::chrono::seconds poll_interval{2};

// One request, with its retries.
constexpr std::chrono::seconds request_limit{30};

// Has a digest been recorded for one of its images, in this run or before?
bool is_adopted(const workload_adoption& of) {
  return of.has(adoption_state::adopted) || of.has(adoption_state::current);
}

std::string resource_of(const fleet::object_id& id) {
  const auto known = pin::known_kinds();
  const auto found = std::ranges::find_if(
      known, [&](const pin::known_kind& one) { return one.group == id.group && one.kind == id.kind; });
  return found == known.end() ? std::string() : std::string(found->resource);
}

// An API server that is away comes back, or the timeout ends the wait.
bool is_passing(const error& e) {
  using enum error_code;
  return e.code == unavailable || e.code == timed_out || e.code == rate_limited;
}

std::string where_to_look(const fleet::object_id& id) {
  const std::string name = lowered(id.kind) + "/" + id.name;
  return fmt::format("look at kubectl -n {0} describe {1}, kubectl -n {0} get pods and kubectl -n {0} logs {1}", id.ns,
                     name);
}

// One run; it lives in the frame of restart_workloads.
class restarting {
 public:
  restarting(kube::api_connection& to, restart_request request, restart_seams seams)
      : to_(to), request_(std::move(request)), seams_(std::move(seams)) {}

  awaitable<std::vector<workload_adoption>> run() {
    for (workload_adoption& one : request_.plan) {
      if (!is_adopted(one)) continue;
      one.rollout.emplace();
      if (has_ended_) continue;
      co_await restart(one);
      if (one.rollout->state == rollout_state::failed) has_ended_ = true;
      tell(one);
    }
    co_return std::move(request_.plan);
  }

 private:
  // The timeout is for Pods that become ready, whatever a request takes.
  [[nodiscard]] deadline soon() const { return deadline::after(seams_.time->now(), request_limit); }

  static void leave(workload_adoption& of, std::string reason) {
    of.rollout = {rollout_state::left, std::move(reason)};
  }

  void tell(const workload_adoption& one) const {
    if (request_.on_progress) request_.on_progress(one);
  }

  // What concerns one object leaves it; any other failure ends the run, too.
  void note(workload_adoption& of, error e) {
    using enum error_code;
    const bool is_of_object = e.code == denied || e.code == not_found || e.code == invalid_input ||
                              e.code == malformed || e.code == unsupported;
    if (!is_of_object) has_ended_ = true;
    leave(of, std::move(e.message));
  }

  awaitable<void> restart(workload_adoption& of) {
    if (!fleet::has_rollouts(of.id)) {
      leave(of, fmt::format(
                    "Deployments, StatefulSets and DaemonSets are restarted; the record of a {} is used at its next "
                    "change",
                    of.id.kind));
      co_return;
    }
    if (of.has(adoption_state::left)) {
      leave(of, "one of its images is not recorded, and a restart would take what its tag says now");
      co_return;
    }
    const std::string patch = fleet::restart_patch(seams_.time->wall());
    kube::api_call trial = patch_call(of.id, patch, true);
    const auto answer = co_await to_.ask(std::move(trial), soon());
    if (!answer) {
      note(of, answer.error());
      co_return;
    }
    if (auto obstacle = fleet::rollout_obstacle(of, answer->body.reveal())) {
      leave(of, std::move(*obstacle));
      co_return;
    }
    kube::api_call write = patch_call(of.id, patch, false);
    const auto written = co_await to_.ask(std::move(write), soon());
    if (!written) {
      note(of, written.error());
      co_return;
    }
    if (const auto image = fleet::unpinned_image(of, written->body.reveal())) {
      of.rollout = {rollout_state::failed,
                    fmt::format("it was restarted with {}, as the webhook went away meanwhile; {}", quoted(*image),
                                where_to_look(of.id))};
      co_return;
    }
    tell(of);
    co_await wait(of);
  }

  awaitable<void> wait(workload_adoption& of) {
    const auto limit = deadline::after(seams_.time->now(), request_.timeout);
    std::string detail = "its controller has not seen the change";
    while (true) {
      const kube::request_attributes about = attributes("get", of.id);
      kube::api_call get{.attributes = about};
      const auto answer = co_await to_.ask(std::move(get), soon());
      const auto seen = answer ? fleet::read_rollout(of.id, answer->body.reveal()) : fail(answer.error());
      if (seen && seen->stage == fleet::rollout_stage::done) {
        of.rollout = {rollout_state::ready, {}};
        co_return;
      }
      if (seen || !is_passing(seen.error())) detail = seen ? seen->detail : seen.error().message;
      const bool is_final = seen ? seen->stage == fleet::rollout_stage::failed : !is_passing(seen.error());
      const auto rest = limit.remaining(seams_.time->now());
      if (is_final || rest <= rest.zero()) {
        of.rollout = {rollout_state::failed,
                      fmt::format("{}{}; {}", detail, is_final ? "" : " after " + duration_text(request_.timeout),
                                  where_to_look(of.id))};
        co_return;
      }
      co_await seams_.waits.sleep(std::min<std::chrono::nanoseconds>(poll_interval, rest));
    }
  }

  static kube::request_attributes attributes(std::string verb, const fleet::object_id& id) {
    kube::request_attributes out{.verb = std::move(verb), .resource = resource_of(id), .ns = id.ns, .name = id.name};
    out.group = id.group;
    return out;
  }

  static kube::api_call patch_call(const fleet::object_id& id, const std::string& patch, bool is_dry_run) {
    kube::api_call out{.attributes = attributes("patch", id), .verb = http::method::patch};
    out.query = fmt::format("fieldManager={}{}", fleet::rollout_manager, is_dry_run ? "&dryRun=All" : "");
    out.content_type = "application/strategic-merge-patch+json";
    out.body.emplace(patch);
    return out;
  }

  kube::api_connection& to_;
  restart_request request_;
  const restart_seams seams_;
  bool has_ended_ = false;
};

}  // namespace

awaitable<std::vector<workload_adoption>> restart_workloads(kube::api_connection& to, restart_request request,
                                                            restart_seams seams) {
  restarting all(to, std::move(request), std::move(seams));
  auto out = co_await all.run();
  co_return out;
}

}  // namespace pinhook::access
