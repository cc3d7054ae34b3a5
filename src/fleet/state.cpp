#include <pinhook/fleet/state.hpp>

#include <pinhook/pin/standing_image.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <utility>

namespace pinhook::fleet {
namespace {

// Controllers above a Pod: Kubernetes' own have two, operators some more. It ends circles, too.
constexpr std::size_t max_chain = 16;

// The image of a Pod is the workload's, or a pin of it that the webhook wrote into the Pod alone.
bool is_pin_of(const std::string& of_pod, const std::string& of_workload) {
  const auto pinned = registry::reference::parse(of_pod);
  const auto written = registry::reference::parse(of_workload);
  return pinned && written && pinned->is_pinned() && !written->is_pinned() &&
         pin::has_same_repository(*pinned, *written) && (pinned->tag().empty() || pinned->tag() == written->tag());
}

image_use& use_of(workload& w, written_image one, bool& is_pinned_in_pod) {
  is_pinned_in_pod = false;
  const auto is_same_container = [&](const image_use& use) {
    return use.written.container == one.container && use.written.type == one.type;
  };
  for (image_use& use : w.images)
    if (is_same_container(use) && use.written.image == one.image) return use;
  for (image_use& use : w.images)
    if (is_same_container(use) && is_pin_of(one.image, use.written.image)) {
      is_pinned_in_pod = true;
      return use;
    }
  image_use made;
  made.written = std::move(one);
  made.is_in_workload = false;
  return w.images.emplace_back(std::move(made));
}

void count(image_use& use, const image_id& runs, bool is_ready) {
  if (runs.form == image_id_form::unknown) ++use.unknown;
  if (!runs.digest) return;
  auto found = std::ranges::find(use.running, *runs.digest, &running_digest::digest);
  if (found == use.running.end()) found = use.running.insert(found, {*runs.digest, 0, 0});
  ++found->pods;
  if (is_ready) ++found->ready;
}

void add_pod(workload& w, pod one) {
  if (one.has_ended) return;
  ++w.pods;
  if (one.is_ready) ++w.ready;
  for (written_image& image : one.as_object.images) {
    const auto status = std::ranges::find(one.running, image.container, &running_container::name);
    const image_id runs = status == one.running.end() ? image_id() : status->image;
    bool is_pinned_in_pod = false;
    image_use& use = use_of(w, std::move(image), is_pinned_in_pod);
    ++use.pods;
    if (is_pinned_in_pod) ++use.pinned_pods;
    count(use, runs, one.is_ready);
  }
}

workload from(object one) {
  workload out;
  out.id = std::move(one.id);
  out.pins = std::move(one.pins);
  out.pulls_as = std::move(one.pulls_as);
  out.labels = std::move(one.labels);
  for (written_image& image : one.images) {
    image_use use;
    use.written = std::move(image);
    out.images.push_back(std::move(use));
  }
  return out;
}

void order(workload& w) {
  for (image_use& use : w.images)
    std::ranges::sort(use.running, [](const running_digest& a, const running_digest& b) {
      return a.pods != b.pods ? a.pods > b.pods : a.digest < b.digest;
    });
}

}  // namespace

bool is_made_by_controller(const object_id& id) {
  return (id.group.empty() && id.kind == "Pod") || (id.group == "apps" && id.kind == "ReplicaSet") ||
         (id.group == "batch" && id.kind == "Job");
}

// Where a Pod is counted.
struct state_builder::place {
  object_id top;
  bool is_wanted = true;
};

void state_builder::take(object one) {
  // Its Pods have the images, and a Deployment keeps ten of them.
  if (one.controller && is_made_by_controller(one.id)) one.images.clear();
  object_id id = one.id;
  objects_.insert_or_assign(std::move(id), std::move(one));
}

void state_builder::take(pod one) { pods_.push_back(std::move(one)); }

void state_builder::take(namespace_object one) {
  out_.namespaces.insert_or_assign(std::move(one.name), namespace_state{true, std::move(one.pin_label)});
}

void state_builder::take_unread_namespace(std::string name) {
  out_.namespaces.insert_or_assign(std::move(name), namespace_state{false, std::nullopt});
}

object_id state_builder::top_of(const object& one) const {
  const object* at = &one;
  for (std::size_t i = 0; i < max_chain && at->controller; ++i) {
    const auto found = objects_.find(*at->controller);
    if (found == objects_.end()) return is_made_by_controller(at->id) ? *at->controller : at->id;
    at = &found->second;
  }
  return at->id;
}

state_builder::place state_builder::place_of(pod& one) {
  place out{top_of(one.as_object), true};
  const auto found = objects_.find(out.top);
  // The labels of the owner count; where it was not read, those of the Pod.
  out.is_wanted = wanted_.matches(found == objects_.end() ? one.as_object.labels : found->second.labels);
  return out;
}

state state_builder::finish() && {
  std::map<object_id, workload> all;
  for (pod& one : pods_) {
    place to = place_of(one);
    if (!to.is_wanted) continue;
    auto found = all.find(to.top);
    if (found == all.end()) {
      workload made;
      if (const auto read = objects_.find(to.top); read != objects_.end()) {
        made = from(read->second);
      } else {
        made.id = to.top;
        made.pins = one.as_object.controller ? std::nullopt : one.as_object.pins;
        made.pulls_as = one.as_object.pulls_as;
        made.labels = one.as_object.labels;
        // A Pod without a controller is the workload itself.
        made.was_read = !one.as_object.controller.has_value();
      }
      found = all.emplace(std::move(to.top), std::move(made)).first;
    }
    add_pod(found->second, std::move(one));
  }
  pods_.clear();
  for (auto& [id, one] : objects_) {
    if (all.contains(id) || !wanted_.matches(one.labels) || top_of(one) != id) continue;
    all.emplace(id, from(std::move(one)));
  }
  for (auto& [id, one] : all) {
    order(one);
    // An image of a Pod that stands for itself is written there.
    if (one.id.kind == "Pod" && one.id.group.empty())
      for (image_use& use : one.images) use.is_in_workload = true;
    if (!out_.namespaces.contains(id.ns)) out_.namespaces.emplace(id.ns, namespace_state{false, std::nullopt});
    if (!one.images.empty()) out_.workloads.push_back(std::move(one));
  }
  return std::move(out_);
}

}  // namespace pinhook::fleet
