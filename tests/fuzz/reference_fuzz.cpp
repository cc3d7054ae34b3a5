// Any bytes as an image reference: parsed or refused with a position inside the text, and a parsed one means
// the same when its canonical form is read again.
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_good(const pinhook::registry::reference& ref, std::string_view text) {
  using pinhook::registry::reference;
  require(ref.written() == text && text.starts_with(ref.written_name()));
  require(!ref.registry().empty() && !ref.repository().empty() && !ref.wire_host().empty());
  require(ref.repository().size() <= pinhook::registry::max_repository_size);
  require(ref.is_pinned() || !ref.effective_tag().empty());
  const auto again = reference::read(ref.canonical());
  require(again.has_value() && again->canonical() == ref.canonical());
  require(again->registry() == ref.registry() && again->repository() == ref.repository());
  require(again->digest() == ref.digest());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ref = pinhook::registry::reference::read(text);
  if (ref)
    check_good(*ref, text);
  else
    require(ref.error().position >= 1 && ref.error().position <= size + 1 && !ref.error().reason.empty());
  return 0;
}
