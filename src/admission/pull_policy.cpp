#include <pinhook/admission/pull_policy.hpp>

#include <pinhook/rules/judge.hpp>

namespace pinhook::admission {

std::string_view pull_policy_of(const pin::slot& s, const registry::reference& ref, const pin::decision* pinned) {
  if (pinned != nullptr && pinned->relaxes_pull_policy) return if_not_present;
  if (!s.pull_policy.empty()) return s.pull_policy;
  if (pinned != nullptr && pinned->ref && pinned->format == pin::pin_format::digest) return if_not_present;
  return rules::default_pull_policy(ref);
}

}  // namespace pinhook::admission
