// Any bytes as image rules: they are read, or refused with a position and a reason. Rules that were read are written
// such that they read back the same, and together they judge images as each of them does alone.
#include "fuzz/line_mutator.hpp"

#include <pinhook/rules/judge.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/yaml/document.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::array<std::string_view, 6> images{
    "nginx",
    "nginx:1.25",
    "localhost:5000/app/web:v2",
    "ghcr.io/acme/api:latest",
    "docker.io/istio/proxyv2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "quay.io/a/b/c:1@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"};

}  // namespace

// libfyaml 0.7 loses a buffer on some texts that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  const auto root = yaml::parse({reinterpret_cast<const char*>(data), size});
  if (!root) return 0;
  const auto read = rules::read_rules(*root);
  if (!read) {
    require(!read.error().message.empty() && read.error().line != 0 && read.error().column != 0);
    return 0;
  }
  const std::string text = rules::write_rules(*read);
  const auto again = yaml::parse(text);
  require(again.has_value());
  const auto back = rules::read_rules(*again);
  require(back && back->rules().size() == read->rules().size() && rules::write_rules(*back) == text);
  for (const std::string_view image : images) {
    const auto ref = registry::reference::parse(image);
    require(ref.has_value());
    const auto matching = read->matching(*ref);
    for (const std::string_view ns : {"shop", "team-a"}) {
      const rules::subject subject{.ref = &*ref,
                                   .ns = ns,
                                   .group = "apps",
                                   .kind = "Deployment",
                                   .container = "web",
                                   .type = pin::container_type::container};
      const auto effects = read->effects_of(subject);
      require(effects == back->effects_of(subject));
      for (const std::uint32_t decides : effects.demands)
        require(decides == rules::effects::none ||
                std::find(matching.begin(), matching.end(), decides) != matching.end());
      const rules::image_state state{
          .ref = &*ref, .has_digest = ref->is_pinned(), .pull_policy = "Always", .pinned = "", .is_volume = false};
      for (const auto& f : rules::judge(*read, effects, state)) require(!f.reason.empty() && !f.fix.empty());
    }
  }
  return 0;
}
