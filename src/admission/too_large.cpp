// An object that is not worked on, since it is too large or its turn did not come: the mode decides, as it does about
// an image that cannot be resolved. Where rules deny, best-effort denies, too: the rules could not be applied, and
// neither size nor a crowd must be a way round them.
#include <pinhook/admission/failure.hpp>
#include <pinhook/admission/inquiry.hpp>
#include <pinhook/admission/refusal_lines.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace pinhook::admission {
namespace {

bool can_deny(const rules::rule_set& rules) {
  return std::ranges::any_of(rules.rules(), [](const rules::rule& r) { return r.action == rules::action::deny; });
}

// Advice to the author of a denied object; the other reasons have theirs in the text.
std::string_view advice_on(const error& reason) { return reason.code == error_code::unsupported ? ". Split it" : ""; }

}  // namespace

verdict refuse_whole(const inquiry& about, pin::mode m, const rulebook& book) {
  const error& reason = *about.not_planned;
  const bool is_denied = m == pin::mode::enforce || (m == pin::mode::best_effort && can_deny(book.rules));
  verdict v;
  v.outcome = is_denied ? outcome::denied : m == pin::mode::audit ? outcome::audited : outcome::unchanged;
  v.slots.push_back({slot_outcome::kind::failed, {}, {}, {}, reason.message});
  answer out;
  out.is_allowed = !is_denied;
  if (is_denied) {
    const failure_status& status = status_of(reason.code);
    out.status.code = status.code;
    out.status.reason = status.reason;
    out.status.lines = last_lines(about.request.ns, m, book.help);
    out.status.lines.insert(
        out.status.lines.begin(),
        fmt::format("pinhook cannot {} this object: {}{}", m == pin::mode::enforce ? "pin" : "ask the rules about",
                    reason.message, advice_on(reason)));
  } else {
    out.warnings.push_back(
        {fmt::format("the object {} pinned: {}", m == pin::mode::audit ? "would not be" : "is not", reason.message)});
    add_help(out.warnings, help_line(book.help, about.request.ns));
    out.audit.emplace_back("skipped", reason.message);
  }
  v.body = encode_review(about.request.uid, out);
  return v;
}

verdict refuse_unread(review head, pin::mode m, const rulebook& book, error cause) {
  inquiry about;
  about.request = std::move(head);
  pin::request request = about.request.pin_request();
  request.images = book.paths.images_of(request.group, request.kind);
  about.plan.exempt = pin::exempt_by_request(request, book.policy);
  if (about.plan.exempt == pin::leave_reason::none) about.not_planned = std::move(cause);
  return compose(about, m, book, {});
}

}  // namespace pinhook::admission
