#include <pinhook/pin/plan.hpp>

#include <pinhook/pin/foreign_controller.hpp>
#include <pinhook/pin/image_kinds.hpp>
#include <pinhook/pin/same_templates.hpp>
#include <pinhook/pin/standing_image.hpp>
#include <pinhook/pin/variable.hpp>
#include <pinhook/pin/write_pin.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::pin {
namespace {

constexpr std::array<std::string_view, 3> system_namespaces{"kube-system", "kube-public", "kube-node-lease"};

bool is(const request& asked, std::string_view group, std::string_view kind) {
  return asked.group == group && asked.kind == kind;
}

bool is_pod(const request& asked) { return is(asked, "", "Pod"); }

bool is_built_in(std::string_view group) { return group.empty() || group == "apps" || group == "batch"; }

bool has_tag(const slot& s) {
  const auto ref = registry::reference::parse(s.image);
  return !ref || !ref->is_pinned();
}

// Rule 3.6.
bool is_owned_replica_set(const request& asked, const object& now) {
  return (is(asked, "apps", "ReplicaSet") || is(asked, "", "ReplicationController")) && now.metadata.controller;
}

// Rules 3.6, 3.7, 3.8 and the label of 6.
leave_reason exempt_by_object(const request& asked, mode m, const policy& options, const object& now) {
  // Nothing is created while it is deleted: a server-side apply shows webhooks a deletionTimestamp of the author's, and
  // the API server stores the object without it (docs/api-server.md). That of an update it compares with its own.
  if (now.metadata.has_deletion_timestamp && asked.operation == operation::update) return leave_reason::being_deleted;
  if (m != mode::enforce && now.metadata.pin_label == "skip") return leave_reason::skip_label;
  if (is_owned_replica_set(asked, now)) return leave_reason::owned_replica_set;
  if (!options.pin_foreign_controllers && has_foreign_controller(asked.group, asked.kind, now))
    return leave_reason::foreign_controller;
  return leave_reason::none;
}

// True for a change of the annotation to another value; its removal does not count.
bool asks_refresh(const request& asked, const object& now, const object* before) {
  if (asked.operation != operation::update || before == nullptr || !asked.subresource.empty()) return false;
  const auto& value = now.metadata.refresh;
  return value && !value->empty() && value != before->metadata.refresh;
}

// The choice for a slot by the rules of 3, before its text is looked at.
struct choice {
  leave_reason leave = leave_reason::none;
  bool refresh = false;
  bool is_unchanged = false;
  // oldObject's slot in this place, where its text must stay when it means the same.
  const slot* standing = nullptr;
};

// True when an operator's rule orders `always` for one slot at least.
bool orders_always(std::span<const slot_order> orders) {
  return std::ranges::find(orders, pin_order::always, &slot_order::pin) != orders.end();
}

// Rule 3.5. The API server lets an update of a Pod change only the images of containers and init containers.
choice choose_in_pod(const request& asked, const slot& s, const slot* old, bool refresh) {
  if (asked.subresource == "ephemeralcontainers") {
    const bool is_new = s.type == container_type::ephemeral_container && old == nullptr;
    return {is_new ? leave_reason::none : leave_reason::same_image, false, !is_new};
  }
  const bool may_change = s.type == container_type::container || s.type == container_type::init_container;
  const bool is_same = old != nullptr && old->image == s.image;
  if (refresh)
    return {may_change ? leave_reason::none : leave_reason::immutable, may_change, is_same && !may_change, old};
  return {is_same ? leave_reason::same_image : leave_reason::none, false, is_same, old};
}

// The exception from rule 3.4.
choice choose_in_immutable(const slot& s, const slot* old) {
  const bool is_same = old != nullptr && old->image == s.image;
  return {is_same ? leave_reason::immutable : leave_reason::none, false, is_same, old};
}

class planner {
 public:
  planner(const request& asked, const policy& options, const object& now, const object* before,
          std::span<const slot_order> orders)
      : asked_(asked),
        options_(options),
        now_(now),
        before_(before),
        orders_(orders),
        is_foreign_(!options.pin_foreign_controllers && has_foreign_controller(asked.group, asked.kind, now)) {}

  result<plan> make() {
    const bool is_update = asked_.operation == operation::update && before_ != nullptr;
    bool refresh = asks_refresh(asked_, now_, before_);
    bool same = false;
    is_immutable_ = is_update && has_immutable_template();
    if (is_update && !is_immutable_ && !is_pod(asked_)) {
      const auto equal = same_templates(before_->found.templates, now_.found.templates);
      if (!equal) return fail(equal.error());
      same = *equal;
    }
    if (refresh && is_immutable_) {
      refresh = false;
      out_.warnings.push_back("pinhook.dev/refresh moves nothing: " + immutability());
    }
    out_.may_record = asked_.subresource.empty();
    const auto& slots = now_.found.slots;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const bool stays = same && !refresh;
      choice c{stays ? leave_reason::same_template : leave_reason::none, refresh, stays};
      if (is_immutable_) c = choose_in_immutable(slots[i], standing(i));
      if (is_update && is_pod(asked_)) c = choose_in_pod(asked_, slots[i], standing(i), refresh);
      const bool is_left = is_foreign_ || (slots[i].is_guess && is_made_by_controller());
      out_.decisions.push_back(
          is_left && order_of(i).pin != pin_order::always ? leave(i, leave_reason::foreign_controller) : decide(i, c));
      out_.decisions.back().is_unchanged |= c.is_unchanged;
    }
    if (!same || refresh)
      for (const left_tag& one : now_.found.left) warn_of_obstacle(one.text, one.reason, one.pointer);
    warn_of_tags_that_stay();
    if (is_foreign_ || is_made_by_controller()) warn_of_foreign_controller();
    return std::move(out_);
  }

 private:
  static decision leave(std::size_t index, leave_reason reason) {
    decision d;
    d.slot = index;
    d.reason = reason;
    return d;
  }

  static decision refuse(std::size_t index, std::string problem) {
    decision d;
    d.action = decision::kind::refuse;
    d.slot = index;
    d.problem = std::move(problem);
    return d;
  }

  decision resolve(std::size_t index, registry::reference ref, const slot_order& order) const {
    decision d;
    d.action = decision::kind::resolve;
    d.slot = index;
    d.format = operator_format(index).value_or(order.format.value_or(options_.format));
    d.relaxes_pull_policy = relaxes_pull_policy(index, ref, order);
    d.ref = std::move(ref);
    return d;
  }

  // As rule 3.7: a controller that makes custom resources may compare them afterwards, too.
  bool is_made_by_controller() const {
    return now_.metadata.controller && !options_.pin_foreign_controllers && !is_pod(asked_);
  }

  // The format that the place of the image, or the operator of a custom resource, needs.
  std::optional<pin_format> operator_format(std::size_t index) const {
    const slot& s = now_.found.slots[index];
    if (const auto only = format_of(s.value)) return only;
    return s.is_guess ? format_of_operator(asked_.group) : std::nullopt;
  }

  const slot* standing(std::size_t index) const { return standing_slot(index, now_, *before_); }

  bool has_immutable_template() const {
    return asked_.images == images::immutable ||
           (asked_.images == images::immutable_by_name && keeps_template_name(now_, *before_));
  }

  std::string immutability() const {
    return fmt::format("the pod template of a {} is immutable{}", asked_.kind,
                       asked_.images == images::immutable_by_name ? " while it keeps its name" : "");
  }

  slot_order order_of(std::size_t index) const { return orders_.empty() ? slot_order{} : orders_[index]; }

  decision decide(std::size_t index, const choice& c) {
    const slot& s = now_.found.slots[index];
    if (!is_built_in(asked_.group) && is_variable(s.image)) {
      if (c.leave == leave_reason::none)
        out_.warnings.push_back(fmt::format("not pinned here, it is filled in later: {} ({})", s.image, label_of(s)));
      return leave(index, leave_reason::variable);
    }
    if (c.leave == leave_reason::same_image) return leave(index, c.leave);
    auto parsed = asked_.references.empty() ? read_image(s.image, asked_.meaning_of) : asked_.references[index];
    if (parsed && parsed->is_pinned())
      return c.refresh ? refresh_pinned(index, *parsed) : leave(index, leave_reason::has_digest);
    const slot_order order = order_of(index);
    if (parsed && c.leave == leave_reason::none && !c.refresh && c.standing != nullptr)
      if (auto stays = stay(index, *parsed, *c.standing, order)) return std::move(*stays);
    if (parsed && order.pin == pin_order::never) return leave(index, leave_reason::rule);
    if (parsed && !s.obstacle.empty()) {
      if (c.leave == leave_reason::none) warn_of_obstacle(s.image, s.obstacle, s.pointer);
      return leave(index, leave_reason::operator_tag);
    }
    if (c.leave != leave_reason::none) return leave(index, c.leave);
    if (!parsed) return refuse(index, std::move(parsed.error().message));
    decision d = resolve(index, std::move(*parsed), order);
    d.past_cache = c.refresh;
    if (c.standing != nullptr) d.standing = pin_for(*d.ref, *c.standing);
    read_record();
    if (c.refresh || asked_.operation != operation::update || updates_of(order) == update_rule::refresh) return d;
    // 4.1.
    if (const registry::digest* digest = out_.record.find(d.ref->canonical()); digest != nullptr) {
      d.action = decision::kind::keep;
      d.kept = *digest;
    }
    return d;
  }

  // Keeps oldObject's image in this place when that means the same tag: rules and settings for new pins do not apply.
  std::optional<decision> stay(std::size_t index, const registry::reference& tag, const slot& old,
                               const slot_order& order) {
    const auto ref = read_image(old.image, asked_.meaning_of);
    // In a Pod, the same tag in another spelling is a change by its author.
    if (!ref || (!ref->is_pinned() && !is_immutable_)) return std::nullopt;
    if (ref->is_pinned()) read_record();
    if (!means_tag(*ref, tag, out_.record)) return std::nullopt;
    decision d;
    d.slot = index;
    d.is_unchanged = true;
    if (!ref->is_pinned()) {
      d.action = decision::kind::restore;
      d.reason = leave_reason::immutable;
      d.standing = old.image;
      return d;
    }
    if (updates_of(order) == update_rule::refresh) warn_of_refresh();
    d.action = decision::kind::keep;
    d.ref = tag;
    d.kept = ref->digest();
    d.format = ref->tag().empty() ? pin_format::digest : pin_format::tag_and_digest;
    d.standing = pin_for(tag, old);
    d.is_movable = !is_immutable_;
    // The author's manifest has the tag's default again; the value that replaced it is in oldObject.
    d.relaxes_pull_policy = is_default_of_latest(index, tag) && old.pull_policy == "IfNotPresent";
    return d;
  }

  // The text of the old pin, when it can serve as a pin of `tag`.
  static std::string pin_for(const registry::reference& tag, const slot& old) {
    const auto ref = registry::reference::parse(old.image);
    return ref && ref->is_pinned() && has_same_repository(*ref, tag) ? old.image : std::string();
  }

  void warn_of_refresh() {
    if (std::exchange(warned_of_refresh_, true)) return;
    out_.warnings.push_back("updates: refresh moves nothing: " +
                            (is_immutable_ ? immutability() : "it would restart containers of a running Pod"));
  }

  // Refreshes only digests that pinhook wrote, known from oldObject's record. A pin in the object's own record alone
  // was written for this very request: this is a reinvocation, and the registry was asked.
  decision refresh_pinned(std::size_t index, const registry::reference& pinned) {
    const slot_order order = order_of(index);
    if (order.pin == pin_order::never) return leave(index, leave_reason::rule);
    read_record();
    const auto recorded = old_record_.tag_of(pinned);
    if (!recorded) {
      if (own_record_.tag_of(pinned)) return leave(index, leave_reason::has_digest);
      out_.warnings.push_back(
          fmt::format("not refreshed: no tag is recorded for the digest ({})", label_of(now_.found.slots[index])));
      return leave(index, leave_reason::no_recorded_tag);
    }
    auto ref = registry::reference::parse(fmt::format("{}:{}", pinned.written_name(), recorded->effective_tag()));
    if (!ref) return refuse(index, std::move(ref.error().message));
    decision d = resolve(index, std::move(*ref), order);
    d.past_cache = true;
    return d;
  }

  // A value that the API server set for a container whose tag is latest (pkg/apis/core/v1/defaults.go) can be told from
  // an author's only in the kinds whose defaults it sets, and can be changed where the container is new.
  bool relaxes_pull_policy(std::size_t index, const registry::reference& ref, const slot_order& order) const {
    if (order.pull_policy != pull_policy_order::if_not_present || !is_default_of_latest(index, ref)) return false;
    return !is_pod(asked_) || before_ == nullptr || standing(index) == nullptr;
  }

  bool is_default_of_latest(std::size_t index, const registry::reference& ref) const {
    return now_.found.slots[index].pull_policy == "Always" && ref.effective_tag() == "latest" &&
           is_built_in(asked_.group);
  }

  // The object's annotation, else the operator's rule, else the default.
  update_rule updates_of(const slot_order& order) {
    const auto& value = now_.metadata.updates;
    if (value == "refresh") return update_rule::refresh;
    if (value == "keep") return update_rule::keep;
    if (value && !std::exchange(warned_of_updates_, true))
      out_.warnings.emplace_back("annotation pinhook.dev/updates is ignored: it is neither keep nor refresh");
    if (order.pin == pin_order::refresh) return update_rule::refresh;
    if (order.pin == pin_order::keep) return update_rule::keep;
    return options_.updates;
  }

  void read_record() {
    if (std::exchange(has_record_, true)) return;
    if (before_ != nullptr) old_record_ = parse_record(before_->metadata.pins);
    const bool is_same = before_ != nullptr && now_.metadata.pins == before_->metadata.pins;
    own_record_ = is_same ? old_record_ : parse_record(now_.metadata.pins);
    out_.record = old_record_;
    out_.record.append_older(own_record_);
  }

  recorded_pins parse_record(const std::optional<std::string>& text) {
    if (!text) return {};
    auto parsed = recorded_pins::parse(*text);
    if (parsed) return std::move(*parsed);
    out_.warnings.push_back(fmt::format("annotation pinhook.dev/pins is ignored: {}", parsed.error().message));
    return {};
  }

  // Rules 3 and 4: an author who wrote a tag learns why it is still there.
  void warn_of_tags_that_stay() {
    const auto warn = [&](std::ptrdiff_t count, std::string_view reason) {
      if (count == 0) return;
      out_.warnings.push_back(fmt::format(
          "{}{}", count == 1 ? "1 image keeps its tag" : fmt::format("{} images keep their tags", count), reason));
    };
    warn(std::ranges::count(out_.decisions, leave_reason::same_template, &decision::reason),
         ": to be pinned at the next change of the pod template");
    if (!is_immutable_) return;
    warn(std::ranges::count(out_.decisions, leave_reason::immutable, &decision::reason), ": " + immutability());
  }

  void warn_of_obstacle(std::string_view text, std::string_view reason, std::string_view pointer) {
    out_.warnings.push_back(fmt::format("left by tag: {} ({}, {})", reason, pointer, text));
  }

  // Rule 7, for those that no rule orders to be pinned.
  void warn_of_foreign_controller() {
    std::size_t left = 0;
    for (const decision& d : out_.decisions)
      if (d.reason == leave_reason::foreign_controller && has_tag(now_.found.slots[d.slot])) ++left;
    if (left != 0) out_.warnings.push_back(foreign_warning(asked_.kind, now_, left));
  }

  const request& asked_;
  const policy& options_;
  const object& now_;
  const object* before_;
  const std::span<const slot_order> orders_;
  const bool is_foreign_;
  bool is_immutable_ = false;
  plan out_;
  // Of oldObject and of object.
  recorded_pins old_record_, own_record_;
  bool has_record_ = false;
  bool warned_of_updates_ = false;
  bool warned_of_refresh_ = false;
};

}  // namespace

result<registry::reference> read_image(std::string_view text, const name_meaning& meaning_of) {
  auto ref = registry::reference::parse(text);
  if (!ref || ref->is_pinned() || !meaning_of) return ref;
  return meaning_of(*ref);
}

bool has_same_image(std::size_t index, const object& now, const object& before) {
  const slot* old = standing_slot(index, now, before);
  return old != nullptr && old->image == now.found.slots[index].image;
}

std::string_view label_of(const slot& s) { return s.container.empty() ? s.pointer : s.container; }

leave_reason exempt_by_request(const request& asked, const policy& options) {
  if (asked.operation != operation::create && asked.operation != operation::update)
    return leave_reason::other_operation;
  const bool is_ephemeral = is_pod(asked) && asked.subresource == "ephemeralcontainers";
  if (!asked.subresource.empty() && !is_ephemeral) return leave_reason::other_subresource;
  if (std::ranges::find(system_namespaces, asked.ns) != system_namespaces.end() ||
      std::ranges::find(options.excluded_namespaces, asked.ns) != options.excluded_namespaces.end())
    return leave_reason::excluded_namespace;
  return leave_reason::none;
}

result<plan> make_plan(const request& asked, mode m, const policy& options, const object& now, const object* before,
                       std::span<const slot_order> orders) {
  plan out;
  out.exempt = exempt_by_object(asked, m, options, now);
  if (out.exempt == leave_reason::foreign_controller) {
    if (orders_always(orders)) return planner(asked, options, now, before, orders).make();
    if (std::ranges::any_of(now.found.slots, has_tag))
      out.warnings.push_back(foreign_warning(asked.kind, now, now.found.slots.size()));
  }
  if (out.exempt != leave_reason::none) return out;
  return planner(asked, options, now, before, orders).make();
}

}  // namespace pinhook::pin
