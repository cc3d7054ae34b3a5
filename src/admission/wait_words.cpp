#include <pinhook/admission/wait_words.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/timestamp.hpp>

#include <fmt/core.h>

#include <chrono>

namespace pinhook::admission {

std::string wait_words::end() const {
  if (wait_.until) return "until " + timestamp_text(*wait_.until);
  return fmt::format("for {} from the next report on",
                     duration_text(rules_.rules()[wait_.rule].cooldown.value_or(std::chrono::nanoseconds(0))));
}

std::string wait_words::warning(const registry::digest& taken) const {
  if (wait_.is_passed_over)
    return fmt::format("pinhook.dev/refresh takes {}, which the cooldown of rule {} would leave {}",
                       wait_.newest.shortened(), rule(), end());
  return fmt::format("the tag moved to {}, which rule {} leaves {}; pinned to {}", wait_.newest.shortened(), rule(),
                     end(), taken.shortened());
}

std::string wait_words::entry() const {
  return fmt::format("cooldown of rule {}: {} {} {}", rule(), wait_.newest.to_string(),
                     wait_.is_passed_over ? "is taken by pinhook.dev/refresh, not left" : "waits", end());
}

error wait_words::without_digest_before(error cause) const {
  cause.message = fmt::format("the tag moved to {}, which rule {} leaves {}, and the digest before cannot be had: {}",
                              wait_.newest.shortened(), rule(), end(), cause.message);
  return cause;
}

}  // namespace pinhook::admission
