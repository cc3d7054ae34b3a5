// Any bytes as a kubelet's CredentialProviderConfig: providers that can be run, or refused in words that begin with
// the file.
#include "fuzz/json_mutator.hpp"

#include <pinhook/kube/plugin_config.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// libfyaml 0.7 loses a buffer on some texts that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook::kube;
  const std::vector<plugin_file> files{{"/etc/plugins.yaml", std::string(reinterpret_cast<const char*>(data), size)}};
  const auto read = parse_plugin_files(files);
  if (!read) {
    require(read.error().message.starts_with("/etc/plugins.yaml"));
    return 0;
  }
  require(!read->empty());
  for (const auto& one : *read) {
    // A program of the directory of plugins, never one elsewhere.
    require(!one.name.empty() && one.name.find('/') == std::string::npos && one.name != "..");
    require(!one.match_images.empty() && one.default_cache_duration.count() >= 0);
  }
  return 0;
}
