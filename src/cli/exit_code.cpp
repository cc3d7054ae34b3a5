#include <pinhook/cli/exit_code.hpp>

namespace pinhook::cli {

int exit_code(error_code code) noexcept {
  switch (code) {
    case error_code::invalid_input:
    case error_code::unsupported:
      return exit_usage;
    case error_code::not_found:
    case error_code::unauthorized:
    case error_code::denied:
    case error_code::rate_limited:
    case error_code::unavailable:
    case error_code::timed_out:
    case error_code::canceled:
    case error_code::malformed:
    case error_code::internal:
      return exit_failed;
  }
  return exit_failed;
}

}  // namespace pinhook::cli
