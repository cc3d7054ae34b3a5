#include <pinhook/admission/inquiry.hpp>

#include <pinhook/pin/object.hpp>
#include <pinhook/pin/pod_spec.hpp>
#include <pinhook/pin/standing_image.hpp>
#include <pinhook/rules/judge.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>
#include <utility>

namespace pinhook::admission {
namespace {

auto unusable(std::string_view field, const error& why) {
  return fail(error_code::invalid_input, fmt::format("no usable AdmissionReview: {}: {}", field, why.message));
}

result<pin::object> read(std::string_view field, std::string_view text, std::span<const pin::place> places,
                         std::size_t most) {
  if (text.empty())
    return fail(error_code::invalid_input, fmt::format("no usable AdmissionReview: {} is missing", field));
  if (text.front() != '{')
    return fail(error_code::invalid_input, fmt::format("no usable AdmissionReview: {} is no object", field));
  auto object = pin::read_object(text, places, most);
  if (!object && object.error().code != error_code::unsupported) return unusable(field, object.error());
  return object;
}

// Slots that mean the same image for the same tenant share a look-up. A few look-ups are looked through one by one;
// where there are many, only those whose names hash alike are, so that the time grows with their number alone.
class lookup_list {
 public:
  explicit lookup_list(std::vector<lookup>& all) : all_(all) {}

  std::size_t place_of(const pin::decision& d, std::size_t tenant) {
    const auto is_same = [&](const lookup& l) {
      return l.tenant == tenant && l.past_cache == d.past_cache && l.ref.canonical() == d.ref->canonical();
    };
    if (all_.size() < few) {
      const auto found = std::ranges::find_if(all_, is_same);
      if (found != all_.end()) return static_cast<std::size_t>(found - all_.begin());
    } else {
      for (; hashed_ < all_.size(); ++hashed_) by_hash_.emplace(hash(all_[hashed_].ref), hashed_);
      for (auto [at, end] = by_hash_.equal_range(hash(*d.ref)); at != end; ++at)
        if (is_same(all_[at->second])) return at->second;
    }
    all_.push_back({*d.ref, d.past_cache, tenant});
    return all_.size() - 1;
  }

 private:
  static constexpr std::size_t few = 16;
  static std::size_t hash(const registry::reference& ref) { return std::hash<std::string>()(ref.canonical()); }

  std::vector<lookup>& all_;
  std::unordered_multimap<std::size_t, std::size_t> by_hash_;
  std::size_t hashed_ = 0;
};

// What the operator's rules say of an object's slots.
struct rulings {
  /// One a slot; none at all where nothing is ordered.
  std::vector<pin::slot_order> orders;
  std::vector<judged_slot> judged;
};

// What is no reference, a variable among them, matches no rule.
rulings ask_rules(const rules::rule_set& rules, const pin::request& asked, const pin::object& now) {
  rulings out;
  const auto& slots = now.found.slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    auto ref = registry::reference::parse(slots[i].image);
    if (!ref) continue;
    const rules::subject subject{.ref = &*ref,
                                 .ns = asked.ns,
                                 .group = asked.group,
                                 .kind = asked.kind,
                                 .container = slots[i].container,
                                 .type = slots[i].type};
    const rules::effects effects = rules.effects_of(subject);
    const pin::slot_order order = rules.order_of(effects);
    if (order != pin::slot_order{}) {
      out.orders.resize(slots.size());
      out.orders[i] = order;
    }
    if (std::ranges::any_of(effects.demands, [](std::uint32_t r) { return r != rules::effects::none; }))
      out.judged.push_back({.slot = i, .ref = std::move(*ref), .effects = effects});
  }
  return out;
}

// Rules look at the Pods of foreign controllers too, which are not planned.
void take_judged(std::vector<judged_slot> judged, const rules::rule_set& rules, const pin::object* before,
                 inquiry& out) {
  const pin::plan& plan = out.plan;
  if (plan.exempt != pin::leave_reason::none && plan.exempt != pin::leave_reason::foreign_controller) return;
  for (judged_slot& j : judged) {
    j.is_unchanged = plan.exempt == pin::leave_reason::none
                         ? plan.decisions[j.slot].is_unchanged
                         : before != nullptr && pin::has_same_image(j.slot, out.now, *before);
    // What is restored is what will run.
    if (plan.exempt == pin::leave_reason::none && plan.decisions[j.slot].action == pin::decision::kind::restore)
      if (auto ref = registry::reference::parse(plan.decisions[j.slot].standing)) j.ref = std::move(*ref);
    j.is_denied = !j.is_unchanged && rules::denies_registry(rules, j.effects, j.ref);
  }
  out.judged = std::move(judged);
}

// Images that are denied anyway are not looked up.
void leave_denied(inquiry& out) {
  if (out.plan.decisions.empty()) return;
  for (const judged_slot& j : out.judged) {
    pin::decision& d = out.plan.decisions[j.slot];
    if (!j.is_denied || d.action != pin::decision::kind::resolve) continue;
    d.action = pin::decision::kind::leave;
    d.reason = pin::leave_reason::rule;
  }
}

// A finding on it says which line to write, and nobody asks for the digest in that line. `work` is empty for the Pod of
// a foreign controller.
bool may_need_digest(const judged_slot& j, const std::vector<slot_work>& work) {
  if (j.is_denied || j.ref.is_pinned() || (!work.empty() && work[j.slot].decision.action != pin::decision::kind::leave))
    return false;
  using rules::requirement;
  return std::ranges::any_of(
      std::array{requirement::tag, requirement::not_latest, requirement::digest},
      [&](requirement r) { return j.effects.demands[static_cast<std::size_t>(r)] != rules::effects::none; });
}

// Whose images a template's are: read when the first of them is asked for, and once.
class tenant_finder {
 public:
  explicit tenant_finder(inquiry& out) : out_(out) {}

  result<std::size_t> of(const pin::slot& s) {
    constexpr std::size_t unread = std::numeric_limits<std::size_t>::max();
    const auto& templates = out_.now.found.templates;
    if (known_.empty()) known_.assign(templates.size(), unread);
    if (known_.at(s.pod) != unread) return known_[s.pod];
    auto identity = pin::read_identity(templates[s.pod].keys);
    if (!identity) return fail(std::move(identity.error()));
    if (identity->has_more_secrets)
      out_.plan.warnings.push_back(
          fmt::format("only the first {} pull secrets of a pod spec are used", pin::max_pull_secrets));
    registry::tenant who{out_.asked.ns, std::move(identity->service_account), std::move(identity->pull_secrets)};
    auto& all = out_.tenants;
    const auto same = std::ranges::find(all, who);
    const auto index = static_cast<std::size_t>(same - all.begin());
    if (same == all.end()) {
      if (all.size() == max_tenants)
        return fail(error_code::unsupported,
                    fmt::format("it has more than {} different sets of service account and pull secrets", max_tenants));
      all.push_back(std::move(who));
    }
    known_[s.pod] = index;
    return index;
  }

  // Of a slot for which nobody is asked: what is wrong with it stands in nobody's way.
  std::size_t of_left(const pin::slot& s) {
    const std::size_t warnings = out_.plan.warnings.size();
    const auto found = of(s);
    out_.plan.warnings.resize(warnings);
    return found ? *found : no_tenant;
  }

 private:
  inquiry& out_;
  std::vector<std::size_t> known_;
};

void name(inquiry& out) {
  if (out.asked.name.empty())
    out.asked.name = out.now.metadata.name.empty() ? out.now.metadata.generate_name : out.now.metadata.name;
}

// Rules that its metadata alone decides count for it, too, and that an update leaves alone what it does not change.
result<inquiry> without_content(inquiry out, pin::mode m, const rulebook& book, std::string why) {
  out.too_large = std::move(why);
  out.plan = {};
  out.work.clear();
  out.judged.clear();
  out.lookups.clear();
  out.tenants.clear();
  auto now = pin::read_metadata(out.asked.object);
  if (!now) return unusable("request.object", now.error());
  out.now = std::move(*now);
  name(out);
  const pin::request asked = out.asked.asked();
  const bool is_update = asked.operation == pin::operation::update;
  auto plan = pin::make_plan(asked, m, book.policy, out.now, is_update ? &out.now : nullptr, {});
  if (!plan) return unusable("request.object", plan.error());
  if (plan->exempt != pin::leave_reason::none)
    out.plan.exempt = plan->exempt;
  else if (is_update && pin::is_same_but_metadata(out.asked.object, out.asked.old_object))
    out.plan.exempt = pin::leave_reason::same_template;
  if (out.plan.exempt != pin::leave_reason::none) out.too_large.clear();
  return out;
}

}  // namespace

result<inquiry> prepare(std::string_view body, pin::mode m, const rulebook& book, std::size_t most) {
  auto decoded = decode_review(body);
  if (!decoded) return fail(std::move(decoded.error()));
  return prepare(std::move(*decoded), m, book, most);
}

result<inquiry> prepare(review decoded, pin::mode m, const rulebook& book, std::size_t most) {
  inquiry out;
  out.asked = std::move(decoded);
  pin::request asked = out.asked.asked();
  asked.images = book.paths.images_of(asked.group, asked.kind);
  out.plan.exempt = pin::exempt_by_request(asked, book.policy);
  if (out.plan.exempt != pin::leave_reason::none) return out;

  const auto places = book.paths.of(asked.group, asked.kind);
  auto now = read("request.object", out.asked.object, places, most);
  if (!now) {
    if (now.error().code != error_code::unsupported || most < pin::max_slots) return fail(std::move(now.error()));
    return without_content(std::move(out), m, book, std::move(now.error().message));
  }
  out.now = std::move(*now);
  name(out);

  std::optional<pin::object> before;
  if (asked.operation == pin::operation::update) {
    auto read_before = read("request.oldObject", out.asked.old_object, places, most);
    // One that was too large and is not any more: nothing in it stays as it was.
    if (!read_before && read_before.error().code == error_code::unsupported && most == pin::max_slots) {
      read_before = pin::read_metadata(out.asked.old_object);
      if (!read_before) return unusable("request.oldObject", read_before.error());
    }
    if (!read_before) return fail(std::move(read_before.error()));
    before = std::move(*read_before);
  }
  // `asked` refers to strings of out.asked that stay as they are.
  const pin::object* old = before ? &*before : nullptr;
  rulings said;
  if (!book.rules.is_empty()) said = ask_rules(book.rules, asked, out.now);
  auto plan = pin::make_plan(asked, m, book.policy, out.now, old, said.orders);
  if (!plan) return unusable("request.object", plan.error());
  out.plan = std::move(*plan);
  take_judged(std::move(said.judged), book.rules, old, out);
  leave_denied(out);
  tenant_finder tenants(out);
  lookup_list lookups(out.lookups);
  for (pin::decision& d : out.plan.decisions) {
    slot_work work{std::move(d), no_lookup, 0, std::nullopt, {}, {}};
    if (old != nullptr && work.decision.action != pin::decision::kind::leave)
      if (const pin::slot* standing = pin::standing_slot(work.decision.slot, out.now, *old)) {
        work.image_before = standing->image;
        work.pull_policy_before = standing->pull_policy;
      }
    const auto what = work.decision.action;
    if (what == pin::decision::kind::resolve || what == pin::decision::kind::keep) {
      const auto tenant = tenants.of(out.now.found.slots[work.decision.slot]);
      if (!tenant && tenant.error().code == error_code::unsupported)
        return without_content(std::move(out), m, book, tenant.error().message);
      if (!tenant) return unusable("request.object", tenant.error());
      work.tenant = *tenant;
      if (what == pin::decision::kind::resolve) work.lookup = lookups.place_of(work.decision, *tenant);
    }
    out.work.push_back(std::move(work));
  }
  out.plan.decisions.clear();
  for (judged_slot& j : out.judged)
    if (may_need_digest(j, out.work)) j.tenant = tenants.of_left(out.now.found.slots[j.slot]);
  return out;
}

verdict refuse_request(const error& why) {
  verdict v;
  v.http_status = why.code == error_code::canceled ? 503 : 400;
  v.content_type = "text/plain; charset=utf-8";
  v.body = why.message + "\n";
  v.outcome = outcome::bad_request;
  return v;
}

}  // namespace pinhook::admission
