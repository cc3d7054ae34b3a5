// Any bytes as a file with images: pinned it parses to the same tree except for images, and unpinned it is the
// original. The first byte chooses the file's name and the format.
#include "fuzz/line_mutator.hpp"
#include "support/pin_trial.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr std::array paths{"a.yaml",
                           "kustomization.yaml",
                           "values.yaml",
                           "compose.yaml",
                           ".gitlab-ci.yml",
                           ".github/workflows/a.yml",
                           "cloudbuild.yaml",
                           "bitbucket-pipelines.yml",
                           "a.json",
                           ".semaphore/semaphore.yml",
                           "docker-bake.json",
                           "azure-pipelines.yml",
                           ".buildkite/pipeline.yml",
                           ".circleci/config.yml",
                           ".drone.yml",
                           "action.yml"};

}  // namespace

// libfyaml 0.7 loses a buffer on some texts that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhook;
  if (size == 0) return 0;
  const auto format = (data[0] & 4U) != 0 ? pin::pin_format::tag_and_digest : pin::pin_format::digest;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const files::image_places places;
  const auto trial = testing::try_pin(
      text, paths[(data[0] & 3U) + ((data[0] & 8U) != 0 ? 4U : 0U) + ((data[0] & 64U) != 0 ? 8U : 0U)], format, places);
  // A change that cannot be written correctly is refused with a message.
  if (trial.problem.empty() || trial.problem.starts_with("not pinned: ") || trial.problem.starts_with("not unpinned: "))
    return 0;
  std::fprintf(stderr, "%s\n=====\n%s\n=====\n%s\n", trial.problem.c_str(), trial.pinned.c_str(),
               trial.unpinned.c_str());
  std::abort();
}
