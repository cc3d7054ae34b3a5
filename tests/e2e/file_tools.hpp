// The fixture of tests that pin files beside other programs: a registry of any image, a folder, and the program in
// PATH.
#pragma once

#include "e2e/cluster.hpp"
#include "e2e/command.hpp"
#include "support/certificates.hpp"
#include "support/paths.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::e2e {

class FileTools : public ::testing::Test {
 protected:
  FileTools() {
    registry_.otherwise([](const testing::recorded_request& r) {
      return testing::reply{.status = r.target.contains("missing") ? 404 : 200,
                            .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"},
                                        {"Docker-Content-Digest", registry::digest::of(r.target).to_string()}}};
    });
  }

  /// The digest that the registry gives for "acme/shop:3.1.0".
  static std::string digest(std::string_view image) {
    const auto colon = image.rfind(':');
    const auto target = fmt::format("/v2/{}/manifests/{}", image.substr(0, colon), image.substr(colon + 1));
    return registry::digest::of(target).to_string();
  }
  /// Pinned by digest: "127.0.0.1:port/acme/shop@sha256:…".
  std::string pinned(std::string_view image) const {
    return fmt::format("{}/{}@{}", registry_.host(), image.substr(0, image.rfind(':')), digest(image));
  }
  std::string tagged(std::string_view image) const { return fmt::format("{}/{}", registry_.host(), image); }

  command_result run(std::vector<std::string> words, std::string input = {}) const {
    const auto folder = std::filesystem::path(testing::program_path()).parent_path().string();
    const char* path = std::getenv("PATH");
    std::vector<std::pair<std::string, std::string>> environment{
        {"PATH", folder + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
        {"PINHOOK_REGISTRIES", fmt::format("{{\"{}\": {{plain_http: true}}}}", registry_.host())},
        {"HOME", folder_.path().string()},
        {"HELM_PLUGINS", testing::source_dir() + "/manifests"}};
    return run_command({.command = std::move(words), .input = std::move(input), .environment = std::move(environment)});
  }

  static std::string chart() { return testing::source_dir() + "/tests/corpus/chart"; }

  static std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
    return n;
  }

  testing::scripted_server registry_;
  testing::temporary_directory folder_;
};

}  // namespace pinhook::e2e
