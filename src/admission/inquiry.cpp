#include <pinhook/admission/inquiry.hpp>

#include <fmt/format.h>

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

// Slots that mean the same image share a look-up.
std::size_t lookup_for(const pin::decision& d, std::vector<lookup>& lookups) {
  for (std::size_t i = 0; i < lookups.size(); ++i)
    if (lookups[i].past_cache == d.past_cache && lookups[i].ref.canonical() == d.ref->canonical()) return i;
  lookups.push_back({*d.ref, d.past_cache});
  return lookups.size() - 1;
}

}  // namespace

result<inquiry> prepare(std::string_view body, pin::mode m, const pin::policy& rules, const pin::pod_paths& paths) {
  auto decoded = decode_review(body);
  if (!decoded) return fail(std::move(decoded.error()));
  inquiry out;
  out.asked = std::move(*decoded);
  const pin::request asked = out.asked.asked();
  out.plan.exempt = pin::exempt_by_request(asked, rules);
  if (out.plan.exempt != pin::why::none) return out;

  const auto places = paths.of(asked.group, asked.kind);
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
  auto plan = pin::make_plan(asked, m, rules, out.now, before ? &*before : nullptr);
  if (!plan) return unusable("request.object", plan.error());
  out.plan = std::move(*plan);
  for (pin::decision& d : out.plan.decisions) {
    const bool asks = d.what == pin::decision::kind::resolve;
    const std::size_t index = asks ? lookup_for(d, out.lookups) : no_lookup;
    out.work.push_back({std::move(d), index, std::nullopt});
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
