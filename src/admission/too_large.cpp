// An object that is too large to be worked on: the mode decides, as it does about an image that cannot be resolved.
// Where rules deny, best-effort denies, too: the rules could not be applied, and size must not be a way round them.
#include <pinhook/admission/inquiry.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::admission {
namespace {

bool can_deny(const rules::rule_set& rules) {
  return std::ranges::any_of(rules.rules(), [](const rules::rule& r) { return r.action == rules::action::deny; });
}

}  // namespace

verdict refuse_too_large(const inquiry& about, pin::mode m, const rulebook& book) {
  const bool is_denied = m == pin::mode::enforce || (m == pin::mode::best_effort && can_deny(book.rules));
  verdict v;
  v.outcome = is_denied ? outcome::denied : m == pin::mode::audit ? outcome::audited : outcome::unchanged;
  v.slots.push_back({slot_outcome::kind::failed, {}, {}, {}, about.too_large});
  answer out;
  out.is_allowed = !is_denied;
  if (m == pin::mode::enforce)
    out.status.message = fmt::format("pinhook cannot pin this object: {}. Split it", about.too_large);
  else if (is_denied)
    out.status.message = fmt::format("pinhook cannot ask the rules about this object: {}. Split it", about.too_large);
  else
    out.warnings.push_back(
        {fmt::format("the object {} pinned: {}", m == pin::mode::audit ? "would not be" : "is not", about.too_large)});
  if (!is_denied) out.audit.emplace_back("skipped", about.too_large);
  v.body = encode_review(about.request.uid, out);
  return v;
}

}  // namespace pinhook::admission
