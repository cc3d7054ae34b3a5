// Every command that the README and the pages of docs/ show is run: here, in a copy of tests/readme with a registry on
// loopback that has every image, or by another test, which a table names.
#include "support/file_commands.hpp"
#include "support/golden.hpp"
#include "support/markdown.hpp"
#include "support/pages.hpp"
#include "support/paths.hpp"
#include "support/scripted_server.hpp"
#include "support/signature_server.hpp"

#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;

struct example {
  /// "docs/files.md:12".
  std::string place;
  std::string command;
  /// "# exits 1" behind the command says so.
  int exit_code = 0;
};

// Commands begin with one of these words.
bool is_command(const std::string& text) {
  for (const std::string_view word :
       {"pinhook ", "build/release/pinhook ", "make ", "kubectl ", "helm ", "kustomize ", "docker ", "git ", "source ",
        "cp ", "mkdir ", "cmake ", "openssl ", "build/release/tests/"})
    if (text.starts_with(word)) return true;
  return false;
}

std::string without_comment(const std::string& line) {
  const auto at = line.find(" #");
  std::string out = line.substr(0, at);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Lines of "sh" blocks, and those indented by four blanks outside of blocks; one that ends in a backslash goes on in
// the next.
std::vector<example> examples_of(const std::string& page) {
  std::vector<example> out;
  const auto lines = lines_of(page_text(page));
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
    std::string text = is_indented ? lines[i].substr(4) : lines[i];
    if (without_comment(text).empty()) continue;
    example one;
    one.place = fmt::format("{}:{}", page, i + 1);
    while (text.ends_with('\\') && i + 1 < lines.size()) {
      text.pop_back();
      text += lines[++i];
    }
    one.command = without_comment(text);
    if (const auto at = text.find("# exits "); at != std::string::npos) one.exit_code = std::stoi(text.substr(at + 8));
    EXPECT_TRUE(is_command(one.command + " ")) << one.place << ": is this a command? " << one.command;
    out.push_back(one);
  }
  return out;
}

std::vector<example> examples() {
  std::vector<example> out;
  for (const std::string& page : pages_with_commands())
    for (example& one : examples_of(page)) out.push_back(std::move(one));
  return out;
}

// Commands that cannot run in a directory of their own within seconds, and where they are run.
struct elsewhere {
  std::string_view begins;
  std::string_view where;
};
constexpr elsewhere others[] = {
    {"make image ", "e2e/own_image_test.cpp"},
    {"make ", "Makefile's own targets: .ci/run and a fresh machine"},
    {"build/release/pinhook demo", "integration/demo_process_test.cpp"},
    {"build/release/pinhook serve", "integration/serve_process_test.cpp"},
    {"cmake ", "every build of this program"},
    {"build/release/tests/golden_test", "ctest"},
    {"docker build ", "by hand: it takes an engine; the image's content is that of .ci/image-files"},
    {"docker push ", "e2e/own_image_test.cpp, by a stand-in for the engine"},
    {"kubectl label namespace", "e2e/opt_in_test.cpp"},
    {"kubectl delete mutatingwebhookconfiguration", "by hand: the command is complete by itself"},
    {"pinhook report ", "integration/report_process_test.cpp; it takes a cluster"},
    {"pinhook explain ghcr.io/acme/api:v2 -n team-a", "integration/explain_process_test.cpp; it takes a cluster"},
    {"pinhook explain 123456789012.dkr.ecr", "integration/ecr_test.cpp; it takes Amazon's identity"},
    {"pinhook explain europe-docker.pkg.dev", "integration/google_credentials_test.cpp; it takes Google's"},
    {"pinhook explain acme.azurecr.io", "integration/azure_credentials_test.cpp; it takes Azure's"},
    {"pinhook adopt ", "integration/adopt_process_test.cpp; it takes a cluster"},
    {"pinhook trust update ", "integration/trust_process_test.cpp; it takes a TUF repository"},
    {"kubectl -n shop rollout restart", "e2e/adopt_test.cpp"},
    {"kustomize build", "e2e/kustomize_fn_test.cpp"},
    {"helm install pinhook ", "e2e/own_image_test.cpp"},
    {"helm test pinhook ", "e2e/own_image_test.cpp"},
    {"helm ", "e2e/helm_post_renderer_test.cpp"},
};

bool runs_elsewhere(const std::string& command) {
  for (const auto& one : others)
    if (command.starts_with(one.begins)) return true;
  return false;
}

// Images of docs/signatures.md, and the signed images that stand in for them.
std::vector<signature_server> signed_images() {
  return {{"cosign3-key-p256", "acme/shop"},      {"cosign3-bad-unsigned", "acme/unsigned"},
          {"keyless-github-uri", "acme/rockets"}, {"cosign3-own-pki-chain", "acme/release"},
          {"notation-jws-p256", "acme/gate"},     {"cosign3-signature-and-attestation", "acme/built"}};
}

class Readme : public FileCommands {
 protected:
  Readme() {
    registry_.otherwise([held = signed_images()](const recorded_request& r) -> reply {
      for (const signature_server& one : held)
        if (auto answer = one.answer(r); answer && answer->status == 200) return std::move(*answer);
      if (r.path().find("/manifests/") == std::string::npos) return {.status = 404};
      // A manifest by its digest has that digest; a tag has the hash of its path.
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
    fs::create_directories(logs_.path() / "certs.d" / "_default");
    logs_.write("certs.d/_default/hosts.toml", fmt::format("server = \"{}\"\n", registry_.url("")));
    // Examples pipe into kubectl: it reads all of its input.
    fs::permissions(logs_.write("bin/kubectl", "#!/bin/sh\ncat >/dev/null\n"), fs::perms::owner_all);
  }

  program_result run_example(const std::string& command) const {
    const auto script = logs_.write("script", command + "\n");
    // In place of each registry the test's is asked: anything else goes to a closed port.
    return run(
        fmt::format("PATH='{0}/bin':\"$PATH\" HTTPS_PROXY=http://127.0.0.1:{1} NO_PROXY=127.0.0.1 "
                    "PINHOOK_MIRRORS_CERTS_DIRS='[\"{0}/certs.d\"]' bash -euo pipefail '{2}'",
                    logs_.path().string(), nobody_.port(), script.string()));
  }

  refusing_port nobody_;
};

TEST_F(Readme, EveryCommandDoesWhatItSays) {
  std::size_t run_here = 0;
  for (const example& one : examples()) {
    if (runs_elsewhere(one.command)) continue;
    ++run_here;
    const auto done = run_example(one.command);
    EXPECT_EQ(done.exit_code, one.exit_code) << one.place << ": " << one.command << "\n" << done.output << done.errors;
  }
  EXPECT_GT(run_here, 10U) << "are the blocks read?";
  EXPECT_FALSE(registry_.requests().empty());
}

TEST_F(Readme, TheTableOfOthersNamesWhatIsThere) {
  const auto all = examples();
  for (const auto& one : others)
    EXPECT_TRUE(
        std::any_of(all.begin(), all.end(), [&](const example& e) { return e.command.starts_with(one.begins); }))
        << one.begins << " is on no page";
}

}  // namespace
}  // namespace pinhook::testing
