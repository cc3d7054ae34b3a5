// `pinhook serve` as a real process with a scripted registry: the fixture of the tests that talk to it.
#pragma once

#include "support/certificates.hpp"
#include "support/https_client.hpp"
#include "support/program.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/demo/objects.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::testing {

inline const std::string some_digest = "sha256:" + std::string(64, 'a');

inline reply digest_reply() {
  return {.status = 200,
          .headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"},
                      {"Docker-Content-Digest", some_digest}}};
}

inline std::uint16_t port_of(const json::document& line, std::string_view key) {
  const auto text = json::find_string(line, key).value_or("");
  return static_cast<std::uint16_t>(std::stoi("0" + std::string(text.substr(text.rfind(':') + 1))));
}

class ServeProcess : public ::testing::Test {
 protected:
  ServeProcess() {
    write_certificate("one");
    // The drain is tested, not the wait before it.
    environment_.emplace_back("PINHOOK_SHUTDOWN_DELAY=0s");
    name_registries({registry_.host()});
    registry_.on("HEAD", "/v2/a/manifests/1", digest_reply());
  }

  void write_certificate(const std::string& common_name) {
    leaf_options o;
    o.common_name = common_name;
    const auto leaf = authority_.issue(o);
    key_file_ = files_.write("tls.key", leaf.key);
    certificate_file_ = files_.write("tls.crt", leaf.certificate);
  }

  // A registry on this machine is asked only when the configuration names it.
  void name_registries(const std::vector<std::string>& hosts) {
    const std::string variable = "PINHOOK_REGISTRIES=";
    std::erase_if(environment_, [&](const std::string& one) { return one.starts_with(variable); });
    std::string text;
    for (const auto& host : hosts) text += (text.empty() ? "\"" : ", \"") + host + "\": {}";
    environment_.push_back(variable + "{" + text + "}");
  }

  std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
    std::vector<std::string> out{"serve",      "--listen",        "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                                 "--tls-cert", certificate_file_, "--tls-key",   key_file_,        "--threads",
                                 "2"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  // Starts it and reads its ports from the line that says that it serves.
  void start(std::vector<std::string> more = {}) {
    process_ = std::make_unique<program>(arguments(std::move(more)), environment_);
    const auto line = json::parse(process_->wait_for_error_line("\"serving\""));
    ASSERT_TRUE(line) << process_->errors();
    port_ = port_of(*line, "listen");
    admin_port_ = port_of(*line, "admin");
    ASSERT_NE(port_, 0);
    ASSERT_NE(admin_port_, 0);
  }

  std::string admin(const std::string& path, unsigned status) const {
    https_client c(admin_port_, {.tls = false});
    const auto r = c.ask(get(path));
    if (!r) {
      ADD_FAILURE() << "no answer to " << path;
      return {};
    }
    EXPECT_EQ(r->status, status) << path << ": " << r->body;
    return r->body;
  }

  std::string deployment() const { return deployment(registry_.host()); }
  static std::string deployment(const std::string& host) {
    return demo::make_deployment("d", 1, {{"web", host + "/a:1"}});
  }

  std::string review_request(const std::string& target = "/v1/pin/enforce?timeout=10s") const {
    return review_request(target, registry_.host());
  }
  static std::string review_request(const std::string& target, const std::string& host) {
    return post(target, demo::make_review("the-uid", deployment(host), {}));
  }

  demo::review_answer answer(const std::optional<received_response>& r) const {
    if (!r) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    EXPECT_EQ(r->status, 200U) << r->body;
    auto read = demo::read_answer(r->body, "the-uid", deployment());
    if (!read) {
      ADD_FAILURE() << read.error().message;
      return {};
    }
    return *read;
  }

  int end() {
    process_->send(SIGTERM);
    return process_->wait();
  }

  certificate_authority authority_;
  temporary_directory files_;
  std::string certificate_file_, key_file_;
  std::vector<std::string> environment_;
  scripted_server registry_;
  std::unique_ptr<program> process_;
  std::uint16_t port_ = 0;
  std::uint16_t admin_port_ = 0;
};

}  // namespace pinhook::testing
