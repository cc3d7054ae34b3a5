#include <pinhook/pin/with_digest.hpp>

#include <pinhook/pin/write_pin.hpp>

#include <utility>

namespace pinhook::pin {

std::optional<registry::reference> with_digest(const registry::reference& ref, const registry::digest& digest) {
  const auto format = ref.effective_tag().empty() ? pin_format::digest : pin_format::tag_and_digest;
  auto out = registry::reference::parse(write_pin(ref.written_name(), ref.effective_tag(), digest, format));
  if (!out) return std::nullopt;
  return *std::move(out);
}

}  // namespace pinhook::pin
