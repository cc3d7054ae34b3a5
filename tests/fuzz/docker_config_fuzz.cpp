// A line with an image reference, then any bytes as config.json: read or refused, and the credentials found for the
// image can be used as they are.
#include "fuzz/json_mutator.hpp"

#include <pinhook/registry/docker_config.hpp>

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
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return 0;
  const auto config = docker_config::parse(text.substr(line_end + 1));
  if (!config) {
    require(config.error().code == pinhook::error_code::invalid_input && config.error().message.size() < 4096);
    return 0;
  }
  const auto ref = reference::parse(text.substr(0, line_end));
  if (!ref) return 0;
  const auto match = config->find(*ref);
  if (const auto* own = std::get_if<const credential*>(&match)) {
    require((*own)->kind != credential_kind::anonymous && (*own)->identity != "anonymous");
    require((*own)->kind == credential_kind::basic || !(*own)->secret.is_empty());
    require((*own)->kind != credential_kind::basic || !(*own)->username.empty());
  }
  if (const auto* call = std::get_if<helper_call>(&match)) require(is_helper_suffix(call->suffix));
  return 0;
}
