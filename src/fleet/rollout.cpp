#include <pinhook/fleet/rollout.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/registry/reference.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::fleet {
namespace {

constexpr std::string_view restarted_at = "kubectl.kubernetes.io/restartedAt";

// The numbers of an object that say how far its rollout is; what is not there is 0, as in Go.
struct counts {
  std::int64_t generation = 0, observed = 0;
  /// Pods that are wanted, of the new template, available (StatefulSet: ready), and all.
  std::int64_t wanted = 0, updated = 0, available = 0, all = 0;
  /// StatefulSet: Pods below this number keep the old template.
  std::int64_t partition = 0;
  bool is_past_deadline = false;
};

const json::value& member(const json::value& of, std::string_view name) {
  static const json::document nothing;
  const json::value* found = of.IsObject() ? json::find(of, name) : nullptr;
  return found == nullptr ? static_cast<const json::value&>(nothing) : *found;
}

std::int64_t number(const json::value& of, std::string_view name, std::int64_t otherwise = 0) {
  return of.IsObject() ? json::find_integer(of, name).value_or(otherwise) : otherwise;
}

std::string_view text_member(const json::value& of, std::string_view name) {
  return of.IsObject() ? json::find_string(of, name).value_or("") : "";
}

bool is_past_deadline(const json::value& status) {
  const json::value& all = member(status, "conditions");
  if (!all.IsArray()) return false;
  return std::ranges::any_of(all.GetArray(), [](const json::value& one) {
    return text_member(one, "type") == "Progressing" && text_member(one, "reason") == "ProgressDeadlineExceeded";
  });
}

counts read_deployment(const json::value& spec, const json::value& status) {
  counts out;
  out.wanted = number(spec, "replicas", 1);
  out.updated = number(status, "updatedReplicas");
  out.available = number(status, "availableReplicas");
  out.all = number(status, "replicas");
  out.is_past_deadline = is_past_deadline(status);
  return out;
}

counts read_stateful_set(const json::value& spec, const json::value& status) {
  counts out;
  out.wanted = number(spec, "replicas", 1);
  out.updated = number(status, "updatedReplicas");
  out.available = number(status, "readyReplicas");
  out.all = out.updated;
  out.partition = number(member(member(spec, "updateStrategy"), "rollingUpdate"), "partition");
  return out;
}

counts read_daemon_set(const json::value&, const json::value& status) {
  counts out;
  out.wanted = number(status, "desiredNumberScheduled");
  out.updated = number(status, "updatedNumberScheduled");
  out.available = number(status, "numberAvailable");
  out.all = out.updated;
  return out;
}

struct rollout_kind {
  std::string_view kind;
  counts (*read)(const json::value& spec, const json::value& status);
};

// All of group apps.
constexpr std::array<rollout_kind, 3> rollout_kinds{
    {{"Deployment", read_deployment}, {"StatefulSet", read_stateful_set}, {"DaemonSet", read_daemon_set}}};

const rollout_kind* kind_of(const object_id& id) {
  const auto* const found = std::ranges::find(rollout_kinds, id.kind, &rollout_kind::kind);
  return id.group != "apps" || found == rollout_kinds.end() ? nullptr : found;
}

rollout_progress progress_of(const counts& n) {
  using enum rollout_stage;
  if (n.observed < n.generation) return {waiting, "its controller has not seen the change"};
  if (n.is_past_deadline) return {failed, "its progress deadline is exceeded"};
  if (const auto wanted = n.wanted - n.partition; n.updated < wanted)
    return {waiting, fmt::format("{} of {} updated", n.updated, counted_noun(static_cast<std::size_t>(wanted), "Pod"))};
  if (n.all > n.updated)
    return {waiting,
            fmt::format("{} of before still there", counted_noun(static_cast<std::size_t>(n.all - n.updated), "Pod"))};
  if (n.available < n.wanted)
    return {waiting,
            fmt::format("{} of {} ready", n.available, counted_noun(static_cast<std::size_t>(n.wanted), "Pod"))};
  return {done, {}};
}

}  // namespace

bool has_rollouts(const object_id& id) { return kind_of(id) != nullptr; }

std::string restart_patch(wall_time now) {
  json::writer out;
  out.open_object();
  for (const std::string_view key : {"spec", "template", "metadata", "annotations"}) {
    out.key(key);
    out.open_object();
  }
  out.member(restarted_at, timestamp_text(now));
  for (int i = 0; i < 5; ++i) out.close_object();
  return std::move(out).text();
}

std::optional<std::string> unpinned_image(const workload_adoption& of, std::string_view text) {
  static const pin::pod_paths paths;
  const auto read = read_object(text, {of.id.group, of.id.kind, paths.of(of.id.group, of.id.kind)}, {});
  if (!read) return "an image that cannot be read: " + read.error().message;
  for (const image_adoption& one : of.images) {
    const auto found = std::ranges::find(read->images, one.container, &written_image::container);
    const std::string image = found == read->images.end() ? one.image : found->image;
    const auto ref = registry::reference::parse(image);
    if (!ref || !one.digest || ref->digest() != one.digest) return image;
  }
  return std::nullopt;
}

std::optional<std::string> rollout_obstacle(const workload_adoption& of, std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) return "the API server's answer cannot be read: " + parsed.error().message;
  const json::value& spec = member(*parsed, "spec");
  if (spec.IsObject() && json::find_bool(spec, "paused").value_or(false))
    return "it is paused; kubectl rollout resume, then adopt --restart again";
  if (text_member(member(spec, "updateStrategy"), "type") == "OnDelete")
    return "its Pods are replaced only when they are deleted (updateStrategy OnDelete); delete them one by one";
  if (const auto image = unpinned_image(of, text))
    return fmt::format(
        "the rollout would have {} and not the bytes that run; label the namespace pinhook.dev/pin=enforce or "
        "best-effort, see that the webhook runs, and run adopt --restart again",
        quoted(*image));
  return std::nullopt;
}

result<rollout_progress> read_rollout(const object_id& id, std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) return fail(parsed.error());
  const rollout_kind* kind = kind_of(id);
  const json::value& spec = member(*parsed, "spec");
  if (kind == nullptr || !spec.IsObject())
    return fail(error_code::malformed, fmt::format("it is no {} with a spec", id.kind));
  const json::value& status = member(*parsed, "status");
  counts n = kind->read(spec, status);
  n.generation = number(member(*parsed, "metadata"), "generation");
  n.observed = number(status, "observedGeneration");
  return progress_of(n);
}

}  // namespace pinhook::fleet
