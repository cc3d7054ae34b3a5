#include <pinhook/webhook/request_deadline.hpp>

#include <pinhook/config/units.hpp>

#include <algorithm>

namespace pinhook::webhook {

deadline request_deadline(steady_time received, std::string_view timeout,
                          const config::settings::deadline_settings& rule) {
  const auto given = parse_duration(timeout);
  if (!given || *given == std::chrono::nanoseconds(0)) return deadline::after(received, rule.limit);
  const auto margin = std::min(rule.margin, *given / 2);
  return deadline::after(received, std::min(*given - margin, rule.limit));
}

}  // namespace pinhook::webhook
