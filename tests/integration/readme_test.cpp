// Every command that README.md shows is run: here, in a copy of tests/readme with a registry on loopback that has every
// image, or by another test, which a table names.
#include "support/file_commands.hpp"
#include "support/golden.hpp"
#include "support/markdown.hpp"
#include "support/paths.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/registry/digest.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;

struct example {
  std::size_t line = 0;
  std::string command;
  /// "# exits 1" behind the command says so.
  int exit_code = 0;
};

// Commands begin with one of these words.
bool is_command(const std::string& text) {
  for (const std::string_view word : {"pinhook ", "build/release/pinhook ", "make ", "kubectl ", "helm ", "kustomize ",
                                      "docker ", "git ", "source ", "cp ", "mkdir "})
    if (text.starts_with(word)) return true;
  return false;
}

std::string without_comment(const std::string& line) {
  const auto at = line.find(" #");
  std::string out = line.substr(0, at);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Lines of "sh" blocks, and those indented by four blanks outside of blocks.
std::vector<example> examples() {
  std::vector<example> out;
  const auto lines = lines_of(read_file(fs::path(testing::source_dir()) / "README.md"));
  std::string block;
  bool is_open = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("```")) {
      is_open = !is_open;
      block = lines[i].substr(3);
      continue;
    }
    const bool is_indented = !is_open && lines[i].starts_with("    ");
    if (!is_indented && !(is_open && block == "sh")) continue;
    const std::string text = is_indented ? lines[i].substr(4) : lines[i];
    if (without_comment(text).empty()) continue;
    example one{i + 1, without_comment(text), 0};
    if (const auto at = text.find("# exits "); at != std::string::npos) one.exit_code = std::stoi(text.substr(at + 8));
    EXPECT_TRUE(is_command(one.command + " ")) << "README.md:" << one.line << ": is this a command? " << one.command;
    out.push_back(one);
  }
  return out;
}

// What cannot run in a directory of its own within seconds, and who runs it.
struct elsewhere {
  std::string_view begins;
  std::string_view where;
};
constexpr elsewhere others[] = {
    {"make ", "Makefile's own targets: .ci/run and a fresh machine"},
    {"build/release/pinhook demo", "integration/demo_process_test.cpp"},
    {"build/release/pinhook serve", "integration/serve_process_test.cpp"},
    {"kubectl apply -k manifests/", "e2e"},
    {"kubectl -n pinhook", "e2e"},
    {"kubectl label namespace", "e2e"},
    {"pinhook explain ghcr.io/acme/api:v2 -n team-a", "integration/explain_process_test.cpp; it takes a cluster"},
    {"pinhook explain 123456789012.dkr.ecr", "integration/ecr_test.cpp; it takes Amazon's identity"},
    {"pinhook explain europe-docker.pkg.dev", "integration/google_credentials_test.cpp; it takes Google's"},
    {"pinhook explain acme.azurecr.io", "integration/azure_credentials_test.cpp; it takes Azure's"},
    {"kustomize build", "e2e/kustomize_fn_test.cpp"},
    {"helm ", "e2e/helm_post_renderer_test.cpp"},
};

bool runs_elsewhere(const std::string& command) {
  for (const auto& one : others)
    if (command.starts_with(one.begins)) return true;
  return false;
}

class Readme : public FileCommands {
 protected:
  Readme() {
    registry_.otherwise([](const recorded_request& r) -> reply {
      if (r.path().find("/manifests/") == std::string::npos) return {.status = 404};
      // A manifest by its digest is what it says; a tag means what its path hashes to.
      const std::string last = r.path().substr(r.path().rfind('/') + 1);
      const std::string digest = last.starts_with("sha256:") ? last : registry::digest::of(r.path()).to_string();
      return {
          .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"}, {"Docker-Content-Digest", digest}}};
    });
    fs::copy(fs::path(testing::source_dir()) / "tests" / "readme", work_.path(), fs::copy_options::recursive);
    for (const auto& folder : {logs_.path() / "bin", work_.path() / "build" / "release"}) {
      fs::create_directories(folder);
      fs::create_symlink(testing::program_path(), folder / "pinhook");
    }
    // What examples pipe into: takes all of it.
    fs::permissions(logs_.write("bin/kubectl", "#!/bin/sh\ncat >/dev/null\n"), fs::perms::owner_all);
  }

  program_result run_example(const std::string& command) const {
    const auto script = logs_.write("script", command + "\n");
    // Only the mirror is asked: what it does not answer goes to a port where nobody listens.
    return run(
        fmt::format("PATH='{0}/bin':\"$PATH\" HTTPS_PROXY=http://127.0.0.1:{1} NO_PROXY=127.0.0.1 "
                    "PINHOOK_MIRRORS_HOSTS='{{_default: [{{url: \"{2}\"}}]}}' bash -euo pipefail '{3}'",
                    logs_.path().string(), nobody_.port(), registry_.url(""), script.string()));
  }

  refusing_port nobody_;
};

TEST_F(Readme, EveryCommandDoesWhatItSays) {
  std::size_t run_here = 0;
  for (const example& one : examples()) {
    if (runs_elsewhere(one.command)) continue;
    ++run_here;
    const auto done = run_example(one.command);
    EXPECT_EQ(done.exit_code, one.exit_code) << "README.md:" << one.line << ": " << one.command << "\n"
                                             << done.output << done.errors;
  }
  EXPECT_GT(run_here, 10U) << "are the blocks read?";
  EXPECT_FALSE(registry_.requests().empty());
}

TEST_F(Readme, TheTableOfOthersNamesWhatIsThere) {
  const auto all = examples();
  for (const auto& one : others)
    EXPECT_TRUE(
        std::any_of(all.begin(), all.end(), [&](const example& e) { return e.command.starts_with(one.begins); }))
        << one.begins << " stands nowhere in README.md";
}

}  // namespace
}  // namespace pinhook::testing
