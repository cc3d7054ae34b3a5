// Any bytes as the argument of `pinhook explain`: JSON that parses, and the exit code of a good reference or of a bad
// one.
#include "fuzz/require.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/cli/explain.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pinhook::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const int exit_code = pinhook::registry::reference::read(text) ? 0 : 2;
  const auto explained = pinhook::cli::explain(text, pinhook::cli::output_format::json);
  require(explained.exit_code == exit_code && pinhook::json::parse(explained.out).has_value());
  require(pinhook::cli::explain(text, pinhook::cli::output_format::text).exit_code == exit_code);
  return 0;
}
