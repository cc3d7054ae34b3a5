// Any bytes as a registries.conf: read, or refused in words that begin with the file; its places are names that parse.
#include "fuzz/line_mutator.hpp"

#include <pinhook/registry/registries_conf.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook::registry;
  const auto read = parse_registries_conf({reinterpret_cast<const char*>(data), size}, "/registries.conf");
  if (!read) {
    require(read.error().message.starts_with("/registries.conf:"));
    return 0;
  }
  for (const std::string_view image : {"nginx", "reg.test:5000/acme/app:1", "x.y.test/app:1"}) {
    const auto ref = reference::parse(image);
    require(ref.has_value());
    if (const auto places = places_for(*read, *ref)) {
      require(places->in_order.empty() == (places->entry == nullptr));
      for (const auto& one : places->in_order) require(reference::parse(one.named.canonical()).has_value());
    }
    if (const auto meanings = meanings_of(*read, *ref)) require(!meanings->empty());
  }
  return 0;
}
