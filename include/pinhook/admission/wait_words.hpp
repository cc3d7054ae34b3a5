// The words for a tag whose newest digest waits for its cooldown.
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <string>
#include <string_view>

namespace pinhook::admission {

class wait_words {
 public:
  /// Both outlive it.
  wait_words(const slot_wait& wait, const rules::rule_set& rules) : wait_(wait), rules_(rules) {}

  /// For the author: "the tag moved to sha256:bb…, which rule slow leaves until …; pinned to sha256:aa…".
  [[nodiscard]] std::string warning(const registry::digest& taken) const;
  /// For the audit annotation, with the whole digest.
  [[nodiscard]] std::string entry() const;
  /// The look-up of the digest before failed. The newest one does not stand in for it.
  [[nodiscard]] error without_digest_before(error cause) const;

 private:
  [[nodiscard]] std::string_view rule() const { return rules_.rules()[wait_.rule].name; }
  [[nodiscard]] std::string end() const;

  const slot_wait& wait_;
  const rules::rule_set& rules_;
};

}  // namespace pinhook::admission
