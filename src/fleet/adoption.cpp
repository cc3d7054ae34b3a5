#include <pinhook/fleet/adoption.hpp>

#include <pinhook/base/json.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/recorded_pins.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::fleet {
namespace {

struct short_kind {
  std::string_view name, kind;
};

// `kubectl api-resources`.
constexpr std::array<short_kind, 6> short_kinds{{{"deploy", "deployment"},
                                                 {"ds", "daemonset"},
                                                 {"sts", "statefulset"},
                                                 {"rs", "replicaset"},
                                                 {"cj", "cronjob"},
                                                 {"rc", "replicationcontroller"}}};

// No template of theirs is used again.
bool is_never_rolled_out(const object_id& id) {
  return (id.group.empty() && id.kind == "Pod") || (id.group == "batch" && id.kind == "Job");
}

bool is_named(const object_id& id, const std::vector<workload_name>& names) {
  return std::ranges::any_of(names, [&](const workload_name& one) { return one.matches(id); });
}

std::string digests_text(const image_use& use) {
  std::string out;
  for (const auto& one : use.running) {
    if (one.ready == 0) continue;
    out += fmt::format("{}{} ({})", out.empty() ? "" : " and ", one.digest.to_string(), counted_noun(one.ready, "Pod"));
  }
  return out;
}

// The digest that all ready Pods run, or why there is none.
result<registry::digest> running_digest_of(const workload& w, const image_use& use) {
  std::vector<const running_digest*> ready;
  for (const auto& one : use.running)
    if (one.ready != 0) ready.push_back(&one);
  if (use.unknown != 0)
    return fail(
        error_code::unsupported,
        fmt::format("the node gives no digest of a registry for {}: the image was loaded into the node, or by a "
                    "runtime that forgot it; let it be pulled (delete the Pod), and run adopt again",
                    counted_noun(use.unknown, "Pod")));
  if (ready.size() > 1)
    return fail(
        error_code::unsupported,
        fmt::format("its ready Pods run different digests: {}; write the digest that is wanted into the manifest, "
                    "or roll the workload out, and run adopt again",
                    digests_text(use)));
  if (ready.empty() && w.pods == 0) return fail(error_code::unsupported, "no Pod of it runs; run adopt while one does");
  if (ready.empty())
    return fail(error_code::unsupported, "no Pod with this image is ready; run adopt again when one is");
  return ready.front()->digest;
}

image_adoption planned(const workload& w, const image_use& use, const pin::recorded_pins& record) {
  image_adoption out{.container = use.written.container, .image = use.written.image};
  auto ref = registry::reference::parse(out.image);
  if (!ref) {
    out.leave(fmt::format("it is not a valid image reference: {}", ref.error().message));
    return out;
  }
  if (is_never_rolled_out(w.id)) {
    out.leave(fmt::format("a {} is never rolled out again: no record is of use", w.id.kind));
    return out;
  }
  if (!w.was_read) {
    out.leave(
        fmt::format("{} was not found or is of a kind that pinhook does not read; pinhook explain --kinds lists "
                    "those, and pin.kinds adds one",
                    w.id.to_string()));
    return out;
  }
  out.tag = std::move(*ref);
  auto digest = running_digest_of(w, use);
  if (!digest) {
    out.leave(std::move(digest.error().message));
    return out;
  }
  out.digest = std::move(*digest);
  const auto* held = record.find(out.tag->canonical());
  out.state = held != nullptr && *held == *out.digest ? adoption_state::current : adoption_state::pending;
  return out;
}

// A record has one digest for a tag: two containers that run different bytes of one tag are both left.
void leave_contradictions(workload_adoption& of) {
  for (auto& one : of.images)
    for (const auto& other : of.images) {
      if (!one.digest || !other.digest || one.tag->canonical() != other.tag->canonical()) continue;
      if (*one.digest == *other.digest) continue;
      one.leave(
          fmt::format("another container runs {} of the same tag, and a record holds one digest of a tag; write "
                      "the digests into the manifest",
                      other.digest->to_string()));
    }
}

}  // namespace

result<workload_name> workload_name::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string_view::npos)
    return fail(error_code::invalid_input,
                fmt::format("{} is not KIND/NAME; write it like deployment/web", quoted(text)));
  workload_name out;
  out.text_ = text;
  out.kind_ = lowered(text.substr(0, slash));
  out.name_ = text.substr(slash + 1);
  for (const auto& [name, kind] : short_kinds)
    if (out.kind_ == name) out.kind_ = kind;
  return out;
}

bool workload_name::matches(const object_id& id) const {
  const auto kind = lowered(id.kind);
  return id.name == name_ && (kind_ == kind || kind_ == kind + "s");
}

std::string_view to_string(adoption_state state) noexcept {
  switch (state) {
    case adoption_state::pending:
      return "pending";
    case adoption_state::adopted:
      return "adopted";
    case adoption_state::current:
      return "current";
    case adoption_state::left:
      break;
  }
  return "left";
}

std::string_view to_string(rollout_state state) noexcept {
  switch (state) {
    case rollout_state::ready:
      return "ready";
    case rollout_state::failed:
      return "failed";
    case rollout_state::left:
      return "left";
    case rollout_state::not_started:
      break;
  }
  return "not-started";
}

bool workload_adoption::has(adoption_state state) const {
  return std::ranges::find(images, state, &image_adoption::state) != images.end();
}

std::vector<workload_adoption> plan_adoption(const state& of, const std::vector<workload_name>& names) {
  std::vector<workload_adoption> out;
  for (const workload& w : of.workloads) {
    if (names.empty() ? is_never_rolled_out(w.id) : !is_named(w.id, names)) continue;
    // A record that cannot be read is none, as at admission.
    const auto record = pin::recorded_pins::parse(w.pins ? w.pins->text : "{}").value_or(pin::recorded_pins());
    workload_adoption one{.id = w.id, .images = {}};
    for (const image_use& use : w.images) {
      const auto ref = registry::reference::parse(use.written.image);
      if (!use.is_in_workload || (ref && ref->is_pinned())) continue;
      one.images.push_back(planned(w, use, record));
    }
    leave_contradictions(one);
    if (!one.images.empty()) out.push_back(std::move(one));
  }
  return out;
}

registry::reference pinned_image(const image_adoption& of) {
  return registry::reference::parse(fmt::format("{}@{}", of.tag->written_name(), of.digest->to_string())).value();
}

void check_manifests(image_adoption& of, const result<manifest>& pinned, const result<manifest>& tag) {
  if (!pinned) {
    const error& e = pinned.error();
    of.leave(e.code == error_code::not_found
                 ? fmt::format("its registry has the bytes that run no more, and the next node that pulls them fails; "
                               "push them again, or roll out another tag ({})",
                               e.message)
                 : fmt::format("whether its registry has the bytes that run is not known: {}", e.message));
    return;
  }
  const bool is_index = !pinned->children.empty();
  if (is_index || !tag || tag->children.empty()) return;
  if (tag->holds(pinned->digest))
    of.digest = tag->digest;
  else
    of.leave(
        fmt::format("{} is the manifest of one platform, and the tag has moved to an index without it; write the "
                    "digest into the manifest if all nodes are of that platform",
                    pinned->digest.to_string()));
}

std::optional<std::string> record_of(workload_adoption& of, std::string_view present) {
  auto record = pin::recorded_pins::parse(present).value_or(pin::recorded_pins());
  std::vector<pin::recorded_pin> newest;
  for (auto& one : of.images) {
    if (one.state != adoption_state::pending) continue;
    const auto* held = record.find(one.tag->canonical());
    if (held != nullptr && *held == *one.digest)
      one.state = adoption_state::current;
    else
      newest.push_back({one.tag->canonical(), *one.digest});
  }
  if (newest.empty()) return std::nullopt;
  record.put_newest(std::move(newest));
  auto text = record.text();
  // The text holds as many as there is room for.
  const auto written = pin::recorded_pins::parse(text).value_or(pin::recorded_pins());
  for (auto& one : of.images)
    if (one.state == adoption_state::pending && written.find(one.tag->canonical()) == nullptr)
      one.leave("the record has no room for it; write its digest into the manifest");
  return text;
}

result<record_holder> read_holder(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) return fail(parsed.error());
  const auto* metadata = json::find(*parsed, "metadata");
  const auto uid = metadata == nullptr ? std::nullopt : json::find_string(*metadata, "uid");
  if (!uid || uid->empty()) return fail(error_code::malformed, "it is no object with a uid");
  record_holder out{std::string(*uid), {}};
  const auto* annotations = json::find(*metadata, "annotations");
  const auto pins = annotations == nullptr ? std::nullopt : json::find_string(*annotations, pin::pins_annotation);
  if (pins) out.pins = *pins;
  return out;
}

std::string applied_record(const object_id& id, std::string_view api_version, std::string_view uid,
                           std::string_view record) {
  json::writer out;
  out.open_object();
  out.member("apiVersion", api_version);
  out.member("kind", id.kind);
  out.key("metadata");
  out.open_object();
  out.member("name", id.name);
  out.member("namespace", id.ns);
  out.member("uid", uid);
  out.key("annotations");
  out.open_object();
  out.member(pin::pins_annotation, record);
  out.close_object();
  out.close_object();
  out.close_object();
  return std::move(out).text();
}

}  // namespace pinhook::fleet
