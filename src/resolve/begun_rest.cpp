#include <pinhook/resolve/begun_rest.hpp>

#include <fmt/core.h>

#include <chrono>

namespace pinhook::resolve {

std::string describe_begun_rest(const errand& on, const error& failure) {
  if (!is_host_trouble(failure.code)) return {};
  constexpr double without_jitter = 0.5;
  const steady_time now{std::chrono::hours(24)};
  host_health health{backoff_options{}};
  health.failed(on, health.start(on, now), failure, now, failure.retry_after ? 0 : without_jitter);
  const auto is = health.look(on, now);
  const auto seconds = std::chrono::round<std::chrono::seconds>(is.until - now).count();
  const std::string subject = is.which == part::repository   ? fmt::format("repository {}", on.repository)
                              : is.which == part::credential ? std::string("the registry with these credentials")
                                                             : std::string("the whole registry");
  return fmt::format("after this answer the webhook backs off from {} for {} s", subject, seconds);
}

}  // namespace pinhook::resolve
