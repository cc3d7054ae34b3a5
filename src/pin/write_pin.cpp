#include <pinhook/pin/write_pin.hpp>

#include <fmt/core.h>

namespace pinhook::pin {

std::string write_pin(std::string_view written_name, std::string_view tag, const registry::digest& digest,
                      pin_format format) {
  if (format == pin_format::digest) return fmt::format("{}@{}", written_name, digest.to_string());
  return fmt::format("{}:{}@{}", written_name, tag, digest.to_string());
}

}  // namespace pinhook::pin
