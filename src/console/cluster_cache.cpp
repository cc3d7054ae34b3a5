#include <pinhook/console/cluster_cache.hpp>

#include <pinhook/fleet/state.hpp>
#include <pinhook/kube/object_metadata.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::console {
namespace {

// Objects that cannot be read and are named.
constexpr std::size_t max_unread = 100;

bool is_namespace(const access::fleet_kind& kind) { return kind.group.empty() && kind.kind == "Namespace"; }

std::string key_of(const access::fleet_kind& kind, const kube::object_metadata& of) {
  return fmt::format("{} {}/{}", kind.resource_name(), of.ns, of.name);
}

// Both say how many they dropped.
template <class Map, class Condition>
std::size_t drop_if(Map& map, Condition holds) {
  return std::erase_if(map, [&](const auto& pair) { return holds(pair.second); });
}

template <class T, class Condition>
std::size_t drop_if(std::optional<T>& one, Condition holds) {
  if (!one || !holds(*one)) return 0;
  one.reset();
  return 1;
}

}  // namespace

cluster_cache::list& cluster_cache::add_list(access::fleet_kind kind, std::string ns) {
  // Not emplaced: the constructor is for this class alone.
  lists_.push_back(list(*this, std::move(kind), std::move(ns)));
  return lists_.back();
}

void cluster_cache::list::take(std::string_view text) {
  const fleet::listed_kind as{kind_.group, kind_.kind, all_.paths_.of(kind_.group, kind_.kind)};
  const auto keep = [&](auto read) {
    if (!read) return all_.note_unread(*this, text, std::move(read.error()));
    if (!all_.unread_.empty()) all_.unread_.erase(key_of(kind_, kube::read_metadata(text)));
    all_.put(*this, std::move(*read));
  };
  if (is_namespace(kind_))
    keep(fleet::read_namespace(text));
  else if (kind_.is_pod())
    keep(fleet::read_pod(text, as, {.has_labels = true}));
  else
    keep(fleet::read_object(text, as, {.has_labels = true}));
}

void cluster_cache::list::remove(std::string_view text) {
  const kube::object_metadata gone = kube::read_metadata(text);
  all_.unread_.erase(key_of(kind_, gone));
  all_.drop(*this, gone.ns, gone.name);
}

void cluster_cache::list::finish() {
  has_finished_ = true;
  all_.drop_unseen(*this);
}

void cluster_cache::put(const list& from, fleet::namespace_object one) {
  const std::string name = one.name;
  part& to = parts_[name];
  if (!to.object || to.object->value.pin_label != one.pin_label) changed_.insert(name);
  to.object = listed<fleet::namespace_object>{std::move(one), &from, from.round_};
}

void cluster_cache::drop_labels(fleet::object& of) const {
  if (!keeps_all_labels_ && of.controller && fleet::is_made_by_controller(of.id)) of.labels.clear();
}

void cluster_cache::put(const list& from, fleet::object one) {
  drop_labels(one);
  changed_.insert(one.id.ns);
  part& to = parts_[one.id.ns];
  fleet::object_id id = one.id;
  if (to.objects.insert_or_assign(std::move(id), listed<fleet::object>{std::move(one), &from, from.round_}).second)
    ++objects_;
}

void cluster_cache::put(const list& from, fleet::pod one) {
  drop_labels(one.as_object);
  const std::string ns = one.as_object.id.ns;
  const std::string name = one.as_object.id.name;
  changed_.insert(ns);
  part& to = parts_[ns];
  if (to.pods.insert_or_assign(name, listed<kept_pod>{to.shared(std::move(one)), &from, from.round_}).second)
    ++objects_;
}

cluster_cache::kept_pod cluster_cache::part::shared(fleet::pod one) {
  auto body = std::make_shared<const pod_body>(std::exchange(one.as_object.images, {}), std::exchange(one.running, {}),
                                               std::exchange(one.as_object.pulls_as, {}));
  return {std::move(one), *bodies.insert(std::move(body)).first};
}

fleet::pod cluster_cache::part::whole(const kept_pod& one) {
  fleet::pod out = one.rest;
  out.as_object.images = one.body->images;
  out.running = one.body->running;
  out.as_object.pulls_as = one.body->pulls_as;
  return out;
}

void cluster_cache::part::drop_bodies() {
  std::erase_if(bodies, [](const auto& one) { return one.use_count() == 1; });
}

void cluster_cache::drop(const list& from, const std::string& ns, const std::string& name) {
  const bool is_of_namespace = is_namespace(from.kind_);
  const auto found = parts_.find(is_of_namespace ? name : ns);
  if (found == parts_.end()) return;
  part& at = found->second;
  if (is_of_namespace)
    at.object.reset();
  else if (from.kind_.is_pod())
    objects_ -= at.pods.erase(name);
  else
    objects_ -= at.objects.erase({ns, from.kind_.group, from.kind_.kind, name});
  changed_.insert(found->first);
}

void cluster_cache::drop_unseen(const list& from) {
  const auto is_old = [&from](const auto& one) { return one.from == &from && one.round != from.round_; };
  for (auto& [ns, at] : parts_) {
    const std::size_t dropped = drop_if(at.objects, is_old) + drop_if(at.pods, is_old);
    objects_ -= dropped;
    if (drop_if(at.object, is_old) + dropped > 0) changed_.insert(ns);
  }
}

void cluster_cache::note_unread(const list& from, std::string_view text, error e) {
  const kube::object_metadata name = kube::read_metadata(text);
  drop(from, name.ns, name.name);
  if (unread_.size() < max_unread)
    unread_.insert_or_assign(
        key_of(from.kind_, name),
        trouble{name.ns, fmt::format("{}an object cannot be read: {}",
                                     name.ns.empty() ? "" : "namespace " + name.ns + ": ", e.message)});
}

std::vector<namespace_content> cluster_cache::take_changed(std::size_t most) {
  std::vector<namespace_content> out;
  std::size_t taken = 0;
  while (!changed_.empty() && taken < most) {
    const std::string name = *changed_.begin();
    changed_.erase(changed_.begin());
    namespace_content& one = out.emplace_back();
    one.name = name;
    const auto found = parts_.find(name);
    if (found == parts_.end()) continue;
    part& from = found->second;
    from.drop_bodies();
    if (from.is_empty()) {
      parts_.erase(found);
      continue;
    }
    if (from.object) one.object = from.object->value;
    one.objects.reserve(from.objects.size());
    for (const auto& [id, held] : from.objects) one.objects.push_back(held.value);
    one.pods.reserve(from.pods.size());
    for (const auto& [pod, held] : from.pods) one.pods.push_back(part::whole(held.value));
    taken += one.objects.size() + one.pods.size() + 1;
  }
  return out;
}

void cluster_cache::touch_all() {
  for (const auto& [name, one] : parts_) changed_.insert(name);
}

std::vector<trouble> cluster_cache::troubles() const {
  std::vector<trouble> out;
  out.reserve(unread_.size());
  for (const auto& [key, line] : unread_) out.push_back(line);
  return out;
}

}  // namespace pinhook::console
