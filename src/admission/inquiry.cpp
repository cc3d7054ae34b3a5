#include <pinhook/admission/inquiry.hpp>
#include <pinhook/pin/pod_spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pinhook::admission {
namespace {

auto unusable(std::string_view field, const error& why) {
  return fail(error_code::invalid_input, fmt::format("no usable AdmissionReview: {}: {}", field, why.message));
}

result<pin::object> read(std::string_view field, std::string_view text, std::span<const pin::place> places) {
  if (text.empty())
    return fail(error_code::invalid_input, fmt::format("no usable AdmissionReview: {} is missing", field));
  if (text.front() != '{')
    return fail(error_code::invalid_input, fmt::format("no usable AdmissionReview: {} is no object", field));
  auto object = pin::read_object(text, places);
  if (!object) return unusable(field, object.error());
  return object;
}

// Slots that mean the same image for the same tenant share a look-up.
std::size_t lookup_for(const pin::decision& d, std::size_t tenant, std::vector<lookup>& lookups) {
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    const lookup& l = lookups[i];
    if (l.tenant == tenant && l.past_cache == d.past_cache && l.ref.canonical() == d.ref->canonical()) return i;
  }
  lookups.push_back({*d.ref, d.past_cache, tenant});
  return lookups.size() - 1;
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
    known_[s.pod] = static_cast<std::size_t>(same - all.begin());
    if (same != all.end()) return known_[s.pod];
    if (all.size() == max_tenants)
      return fail(error_code::invalid_input,
                  fmt::format("more than {} different sets of service account and pull secrets", max_tenants));
    all.push_back(std::move(who));
    return known_[s.pod];
  }

 private:
  inquiry& out_;
  std::vector<std::size_t> known_;
};

}  // namespace

result<inquiry> prepare(std::string_view body, pin::mode m, const rulebook& book) {
  auto decoded = decode_review(body);
  if (!decoded) return fail(std::move(decoded.error()));
  inquiry out;
  out.asked = std::move(*decoded);
  const pin::request asked = out.asked.asked();
  out.plan.exempt = pin::exempt_by_request(asked, book.policy);
  if (out.plan.exempt != pin::why::none) return out;

  const auto places = book.paths.of(asked.group, asked.kind);
  auto now = read("request.object", out.asked.object, places);
  if (!now) return fail(std::move(now.error()));
  out.now = std::move(*now);
  if (out.asked.name.empty())
    out.asked.name = out.now.metadata.name.empty() ? out.now.metadata.generate_name : out.now.metadata.name;

  std::optional<pin::object> before;
  if (asked.operation == pin::operation::update) {
    auto old = read("request.oldObject", out.asked.old_object, places);
    if (!old) return fail(std::move(old.error()));
    before = std::move(*old);
  }
  // `asked` refers to strings of out.asked that stay as they are.
  auto plan = pin::make_plan(asked, m, book.policy, out.now, before ? &*before : nullptr);
  if (!plan) return unusable("request.object", plan.error());
  out.plan = std::move(*plan);
  tenant_finder tenants(out);
  for (pin::decision& d : out.plan.decisions) {
    slot_work work{std::move(d), no_lookup, 0, std::nullopt};
    const auto what = work.decision.what;
    if (what == pin::decision::kind::resolve || what == pin::decision::kind::keep) {
      const auto tenant = tenants.of(out.now.found.slots[work.decision.slot]);
      if (!tenant) return unusable("request.object", tenant.error());
      work.tenant = *tenant;
      if (what == pin::decision::kind::resolve) work.lookup = lookup_for(work.decision, *tenant, out.lookups);
    }
    out.work.push_back(std::move(work));
  }
  out.plan.decisions.clear();
  return out;
}

verdict refuse_request(const error& why) {
  verdict v;
  v.http_status = 400;
  v.content_type = "text/plain; charset=utf-8";
  v.body = why.message + "\n";
  v.outcome = outcome::bad_request;
  return v;
}

}  // namespace pinhook::admission
