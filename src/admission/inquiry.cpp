#include <pinhook/admission/inquiry.hpp>

#include <pinhook/admission/failure.hpp>
#include <pinhook/admission/lookup_list.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/pod_spec.hpp>
#include <pinhook/pin/search_keys.hpp>
#include <pinhook/pin/standing_image.hpp>
#include <pinhook/rules/judge.hpp>

#include <boost/container/small_vector.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

namespace pinhook::admission {
namespace {

auto invalid_inquiry(std::string_view field, const error& cause) {
  return fail(error_code::invalid_input, fmt::format("invalid AdmissionReview: {}: {}", field, cause.message));
}

result<pin::object> read(std::string_view field, std::string_view text, std::span<const pin::place> places,
                         const pin::object_search& search) {
  if (text.empty())
    return fail(error_code::invalid_input, fmt::format("invalid AdmissionReview: {} is missing", field));
  if (text.front() != '{')
    return fail(error_code::invalid_input, fmt::format("invalid AdmissionReview: {} is not an object", field));
  auto object = pin::read_object(text, places, search);
  if (!object && object.error().code != error_code::unsupported) return invalid_inquiry(field, object.error());
  return object;
}

// Reads an object while the review is decoded. One with a fault is left, so that its text is passed over and read as
// `read` does: that says what it is. So is one that is searched, which takes several passes.
bool read_early_object(json::cursor& at, std::span<const pin::place> places, bool is_old, decoded_review& into) {
  if (places.empty() || places.back().path.empty() || at.peek() != json::kind::object) return false;
  json::cursor there = at;
  auto got = pin::read_next_object(there, places, into.most);
  if (!got) {
    into.has_more |= got.error().code == error_code::unsupported;
    return false;
  }
  (is_old ? into.before : into.now).emplace(std::move(*got));
  at = there;
  return true;
}

// An object that was read has more images than that, or it was not read since it has more than were to be.
bool has_more_images(const decoded_review& all, std::size_t most) {
  const auto is_over = [&](const std::optional<pin::object>& one) { return one && one->found.slots.size() > most; };
  return (all.has_more && most <= all.most) || is_over(all.now) || is_over(all.before);
}

// The object that was read early, else the one in `text`.
result<void> take_or_read(std::optional<pin::object>& early, std::string_view field, std::string_view text,
                          std::span<const pin::place> places, const pin::object_search& search, pin::object& into) {
  if (early) {
    into = *std::move(early);
    return {};
  }
  auto got = read(field, text, places, search);
  if (!got) return fail(std::move(got.error()));
  into = *std::move(got);
  return {};
}

// The effects of the operator's rules on the slots of an object.
struct rulings {
  /// What each slot's text means.
  std::vector<result<registry::reference>> references;
  /// One for each slot; empty where no rule orders anything.
  std::vector<pin::slot_order> orders;
  /// The rules that order a cooldown, one for each slot; empty where none does.
  std::vector<std::uint32_t> cooldowns;
  std::vector<judged_slot> judged;
};

// A text that is not a reference, such as a variable, matches no rule.
rulings apply_rules(const rulebook& book, const pin::request& request, const pin::object& now) {
  const rules::rule_set& rules = book.rules;
  rulings out;
  const auto& slots = now.found.slots;
  out.references.reserve(slots.size());
  std::optional<ruling> last;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const auto& ref = out.references.emplace_back(pin::read_image(slots[i].image, book.meaning_of));
    if (!ref) continue;
    const ruling* is = book.of_all ? &*book.of_all : nullptr;
    if (is == nullptr) {
      const rules::subject subject{.ref = &*ref,
                                   .ns = request.ns,
                                   .group = request.group,
                                   .kind = request.kind,
                                   .container = slots[i].container,
                                   .type = slots[i].type};
      const rules::effects effects = rules.effects_of(subject);
      // Most slots of an object get the same.
      if (!last || last->effects != effects) last.emplace(rules, effects);
      is = &*last;
    }
    if (is->has_order) {
      out.orders.resize(slots.size());
      out.orders[i] = is->order;
    }
    if (is->effects.cooldown != rules::effects::none) {
      out.cooldowns.resize(slots.size(), rules::effects::none);
      out.cooldowns[i] = is->effects.cooldown;
    }
    if (!is->has_demands) continue;
    if (out.judged.empty()) out.judged.reserve(slots.size());
    judged_slot& j = out.judged.emplace_back(i, *ref, is->effects);
    j.asks_verifiers = is->asks_verifiers;
    j.demands_only_proofs = is->demands_only_proofs;
  }
  return out;
}

// Rules apply to the Pods of foreign controllers, too, which have no plan.
void take_judged(std::vector<judged_slot> judged, const rules::rule_set& rules, const pin::object* before,
                 inquiry& out) {
  const pin::plan& plan = out.plan;
  if (plan.exempt != pin::leave_reason::none && plan.exempt != pin::leave_reason::foreign_controller) return;
  for (judged_slot& j : judged) {
    j.is_unchanged = plan.exempt == pin::leave_reason::none
                         ? plan.decisions[j.slot].is_unchanged
                         : before != nullptr && pin::has_same_image(j.slot, out.now, *before);
    // A restored image is the one that will run.
    if (plan.exempt == pin::leave_reason::none && plan.decisions[j.slot].action == pin::decision::kind::restore)
      if (auto ref = registry::reference::parse(plan.decisions[j.slot].standing)) j.ref = std::move(*ref);
    j.is_denied = !j.demands_only_proofs && !j.is_unchanged && rules::denies_registry(rules, j.effects, j.ref);
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

// A finding on the slot proposes a line, and no look-up of the plan gives the digest in that line. `work` is empty for
// the Pod of a foreign controller.
bool may_need_digest(const judged_slot& j, const std::vector<slot_work>& work) {
  if (j.is_denied || j.ref.is_pinned() || (!work.empty() && work[j.slot].decision.action != pin::decision::kind::leave))
    return false;
  using rules::requirement;
  return std::ranges::any_of(
      std::array{requirement::tag, requirement::not_latest, requirement::digest},
      [&](requirement r) { return j.effects.demands[static_cast<std::size_t>(r)] != rules::effects::none; });
}

// A new image that runs by its tag, which no look-up of the plan is about.
bool stays_tag(const judged_slot& j, const std::vector<slot_work>& work) {
  if (j.is_unchanged || j.ref.is_pinned()) return false;
  if (work.empty()) return true;
  const auto action = work[j.slot].decision.action;
  return action == pin::decision::kind::leave || action == pin::decision::kind::restore;
}

// The tenant of each pod template: read for the first slot that needs it, and once.
class tenant_finder {
 public:
  explicit tenant_finder(inquiry& out) : out_(out) {}

  result<std::size_t> of(const pin::slot& s) {
    if (s.pod < known_.size() && known_[s.pod] != unread) return known_[s.pod];
    return read(s);
  }

  // For a slot without a look-up: a fault in its identity neither fails the request nor adds a warning.
  std::size_t of_left(const pin::slot& s) {
    const std::size_t warnings = out_.plan.warnings.size();
    const auto found = of(s);
    out_.plan.warnings.resize(warnings);
    return found ? *found : no_tenant;
  }

 private:
  static constexpr std::size_t unread = std::numeric_limits<std::size_t>::max();

  result<std::size_t> read(const pin::slot& s) {
    const auto& templates = out_.now.found.templates;
    if (known_.empty()) known_.assign(templates.size(), unread);
    auto identity = pin::read_identity(templates.at(s.pod).keys);
    if (!identity) return fail(std::move(identity.error()));
    if (identity->has_more_secrets)
      out_.plan.warnings.push_back(
          fmt::format("only the first {} pull secrets of a pod spec are used", pin::max_pull_secrets));
    auto& all = out_.tenants;
    registry::tenant& tenant =
        all.emplace_back(out_.request.ns, std::move(identity->service_account), std::move(identity->pull_secrets));
    const auto index = static_cast<std::size_t>(std::ranges::find(all, tenant) - all.begin());
    if (index + 1 != all.size()) {
      all.pop_back();
    } else if (index == max_tenants) {
      all.pop_back();
      return fail(error_code::unsupported,
                  fmt::format("it has more than {} different sets of service account and pull secrets", max_tenants));
    }
    known_[s.pod] = index;
    return index;
  }

  inquiry& out_;
  // Most objects have one pod template.
  boost::container::small_vector<std::size_t, 2> known_;
};

void name(inquiry& out) {
  if (out.request.name.empty())
    out.request.name = out.now.metadata.name.empty() ? out.now.metadata.generate_name : out.now.metadata.name;
}

// The inquiry about an object that is too large: the exemptions that metadata alone decides apply to it, too, and so
// does the one of an update that does not change the template.
result<inquiry> without_content(inquiry out, pin::mode m, const rulebook& book, error reason) {
  out.not_planned = std::move(reason);
  out.plan = {};
  out.work.clear();
  out.judged.clear();
  out.lookups.clear();
  out.tenants.clear();
  auto now = pin::read_metadata(out.request.object);
  if (!now) return invalid_inquiry("request.object", now.error());
  out.now = std::move(*now);
  name(out);
  const pin::request request = out.request.pin_request();
  const bool is_update = request.operation == pin::operation::update;
  auto plan = pin::make_plan(request, m, book.policy, out.now, is_update ? &out.now : nullptr, {});
  if (!plan) return invalid_inquiry("request.object", plan.error());
  if (plan->exempt != pin::leave_reason::none)
    out.plan.exempt = plan->exempt;
  else if (is_update && pin::is_same_but_metadata(out.request.object, out.request.old_object))
    out.plan.exempt = pin::leave_reason::same_template;
  if (out.plan.exempt != pin::leave_reason::none) out.not_planned.reset();
  return out;
}

result<inquiry> prepare_from(decoded_review& read, pin::mode m, const rulebook& book, std::size_t most) {
  inquiry out;
  out.request = std::move(read.request);
  pin::request request = out.request.pin_request();
  request.images = book.paths.images_of(request.group, request.kind);
  request.meaning_of = book.meaning_of;
  out.plan.exempt = pin::exempt_by_request(request, book.policy);
  if (out.plan.exempt != pin::leave_reason::none) return out;
  // One that has too many images is prepared again.
  const auto give_back = [&](error reason) {
    read.request = std::move(out.request);
    return fail(std::move(reason));
  };
  if (most < pin::max_slots && has_more_images(read, most))
    return give_back({error_code::unsupported, fmt::format("it has more than {} images", most), std::nullopt});

  const auto places = book.paths.of(request.group, request.kind);
  pin::object_search search{
      .most = most, .takes_keys = book.policy.searches_keys && pin::may_search_keys(request.group, request.kind)};
  if (search.takes_keys) search.operators = pin::rows_of_operator(request.group, request.kind);
  auto now = take_or_read(read.now, "request.object", out.request.object, places, search, out.now);
  if (!now) {
    if (now.error().code != error_code::unsupported || most < pin::max_slots) return give_back(std::move(now.error()));
    return without_content(std::move(out), m, book, std::move(now.error()));
  }
  name(out);

  std::optional<pin::object> before;
  if (request.operation == pin::operation::update) {
    auto taken =
        take_or_read(read.before, "request.oldObject", out.request.old_object, places, search, before.emplace());
    // An object that was too large and is not any more is compared by its metadata: every image counts as changed.
    if (!taken && taken.error().code == error_code::unsupported && most == pin::max_slots) {
      auto read_before = pin::read_metadata(out.request.old_object);
      if (!read_before) return invalid_inquiry("request.oldObject", read_before.error());
      before = std::move(*read_before);
    } else if (!taken) {
      read.now = std::move(out.now);
      return give_back(std::move(taken.error()));
    }
  }
  // `request` refers to strings of out.request that stay as they are.
  const pin::object* old = before ? &*before : nullptr;
  rulings ruled = book.rules.is_empty() ? rulings{} : apply_rules(book, request, out.now);
  request.references = ruled.references;
  auto plan = pin::make_plan(request, m, book.policy, out.now, old, ruled.orders);
  if (!plan) return invalid_inquiry("request.object", plan.error());
  out.plan = std::move(*plan);
  take_judged(std::move(ruled.judged), book.rules, old, out);
  leave_denied(out);
  tenant_finder tenants(out);
  lookup_list lookups(out.lookups);
  out.work.reserve(out.plan.decisions.size());
  for (pin::decision& d : out.plan.decisions) {
    slot_work work{.decision = std::move(d)};
    if (old != nullptr && work.decision.action != pin::decision::kind::leave)
      if (const pin::slot* standing = pin::standing_slot(work.decision.slot, out.now, *old)) {
        work.image_before = standing->image;
        work.pull_policy_before = standing->pull_policy;
      }
    const auto action = work.decision.action;
    if (action == pin::decision::kind::resolve || action == pin::decision::kind::keep) {
      const auto tenant = tenants.of(out.now.found.slots[work.decision.slot]);
      if (!tenant && tenant.error().code == error_code::unsupported)
        return without_content(std::move(out), m, book, tenant.error());
      if (!tenant) return invalid_inquiry("request.object", tenant.error());
      work.tenant = *tenant;
      if (action == pin::decision::kind::resolve) {
        if (out.lookups.empty()) out.lookups.reserve(out.plan.decisions.size());
        work.lookup = lookups.place_of(*work.decision.ref, work.decision.past_cache, *tenant);
        if (!ruled.cooldowns.empty()) work.cooldown_rule = ruled.cooldowns[work.decision.slot];
      }
    }
    out.work.push_back(std::move(work));
  }
  out.plan.decisions.clear();
  for (judged_slot& j : out.judged)
    if (!j.demands_only_proofs && may_need_digest(j, out.work)) j.tenant = tenants.of_left(out.now.found.slots[j.slot]);
  for (judged_slot& j : out.judged) {
    if (j.is_denied || !j.asks_verifiers) continue;
    const auto tenant = tenants.of(out.now.found.slots[j.slot]);
    if (!tenant && tenant.error().code == error_code::unsupported)
      return without_content(std::move(out), m, book, tenant.error());
    if (!tenant) return invalid_inquiry("request.object", tenant.error());
    j.proof_tenant = *tenant;
    if (stays_tag(j, out.work)) j.tag_lookup = lookups.place_of(j.ref, false, *tenant);
  }
  return out;
}

}  // namespace

result<void> decode(std::string_view body, const rulebook& book, decoded_review& into) {
  const object_reader read_early = [&](json::cursor& at, std::string_view group, std::string_view kind, bool is_old) {
    return read_early_object(at, book.paths.of(group, kind), is_old, into);
  };
  auto decoded = decode_review(body, read_early);
  if (!decoded) return fail(std::move(decoded.error()));
  into.request = std::move(*decoded);
  return {};
}

result<inquiry> prepare(decoded_review& read, pin::mode m, const rulebook& book, std::size_t most) {
  return prepare_from(read, m, book, most);
}

result<inquiry> prepare(std::string_view body, pin::mode m, const rulebook& book, std::size_t most) {
  decoded_review read{.most = most};
  if (auto decoded = decode(body, book, read); !decoded) return fail(std::move(decoded.error()));
  return prepare_from(read, m, book, most);
}

result<inquiry> prepare(review decoded, pin::mode m, const rulebook& book, std::size_t most) {
  decoded_review read{.request = std::move(decoded)};
  return prepare_from(read, m, book, most);
}

verdict refuse_request(const error& cause) {
  verdict v;
  const bool is_ours = cause.code == error_code::canceled || cause.code == error_code::timed_out ||
                       cause.code == error_code::unavailable;
  v.http_status = is_ours ? status_of(cause.code).code : 400;
  v.content_type = "text/plain; charset=utf-8";
  v.body = cause.message + "\n";
  v.outcome = outcome::bad_request;
  return v;
}

}  // namespace pinhook::admission
