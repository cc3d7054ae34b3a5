// Any bytes as a hosts.toml: read, or refused in words that begin with the file.
#include "fuzz/line_mutator.hpp"

#include <pinhook/registry/hosts_toml.hpp>

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
  const auto read = parse_hosts_toml({reinterpret_cast<const char*>(data), size}, "/certs.d/docker.io/hosts.toml");
  if (!read) {
    require(read.error().message.starts_with("/certs.d/docker.io/hosts.toml"));
    return 0;
  }
  for (const auto& host : read->hosts) require(!host.url.empty());
  return 0;
}
