// Commands about files as processes, run by a shell in a directory of the test's own, with a scripted registry: the
// fixture of the tests of pin, unpin, lock and fn.
#pragma once

#include "support/certificates.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "support/scripted_server.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace pinhook::testing {

class FileCommands : public ::testing::Test {
 protected:
  FileCommands() {
    serve("a:1", 'a');
    serve("b:2", 'b');
  }

  static std::string digest(char digit) { return "sha256:" + std::string(64, digit); }

  /// The registry has this image ("a:1") with this digest.
  void serve(const std::string& image, char digit) {
    const auto colon = image.find(':');
    const auto path = "/v2/" + image.substr(0, colon) + "/manifests/" + image.substr(colon + 1);
    for (const char* method : {"HEAD", "GET"})
      registry_.on(method, path,
                   {.status = 200,
                    .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"},
                                {"Docker-Content-Digest", digest(digit)}}});
  }
  /// As a file names it: "127.0.0.1:5000/a:1".
  [[nodiscard]] std::string image(const std::string& rest) const { return registry_.host() + "/" + rest; }

  void write(const std::string& name, const std::string& text) const {
    const auto path = work_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const { return read_path(work_.path() / name); }
  [[nodiscard]] bool is_there(const std::string& name) const { return std::filesystem::exists(work_.path() / name); }

  /// A shell's line in which "pinhook" is the built program; its standard input is `input`.
  program_result run(const std::string& line, const std::string& input = "") const {
    const auto in = logs_.write("in", input);
    const auto out = logs_.path() / "out";
    const auto err = logs_.path() / "err";
    const auto whole = fmt::format(
        "unset PINHOOK_REWRITE_GOLDEN PINHOOK_SEEDS; cd '{}' && HOME='{}' && export HOME PINHOOK_CLOUDS='[]' "
        "PINHOOK_REGISTRIES='{{\"{}\": {{}}}}' && "
        "pinhook() {{ '{}' \"$@\"; }} && {{ {}\n}} <'{}' >'{}' 2>'{}'",
        work_.path().string(), logs_.path().string(), registry_.host(), program_path(), line, in.string(), out.string(),
        err.string());
    const int status = std::system(whole.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_path(out), read_path(err)};
  }

  static std::string read_path(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  scripted_server registry_;
  temporary_directory work_;
  temporary_directory logs_;
};

/// A Deployment with its only image at line 10, column 18; `behind` follows it.
inline std::string deployment_file(const std::string& image, const std::string& behind = "") {
  return "# ours\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n"
         "    spec:\n      containers:\n        - name: web\n          image: " +
         image + behind + "\n";
}

}  // namespace pinhook::testing
