// `pinhook serve` as a real process under clients that take what they can. docs/limits.md has the numbers.
#include "support/serve_process.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::HasSubstr;

#ifdef PINHOOK_IS_SANITIZED
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

class AbuseProcess : public ServeProcess {
 protected:
  // The most memory that the process has had, in MiB; always 0 with a sanitizer, which keeps what is freed.
  std::size_t peak_memory() const {
    if (is_sanitized) return 0;
    std::ifstream in(fmt::format("/proc/{}/status", process_->id()));
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6)) / 1024;
    return 0;
  }
};

TEST_F(AbuseProcess, TheLargestBodiesOfSixtyFourClientsAtOnceTakeBoundedMemory) {
  constexpr std::size_t clients = 64;
  constexpr std::size_t most_mib = 256;  // the memory limit of the manifests
  start();
  const std::string request = post("/v1/pin/enforce?timeout=10s", std::string(std::size_t{8} * 1024 * 1024, ' '));
  std::atomic<int> refused = 0;
  std::atomic<int> read = 0;
  std::atomic<int> other = 0;
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < clients; ++i)
    all.emplace_back([&] {
      https_client c(port_);
      const auto r = c.ask(request);
      if (r && r->status == 503)
        ++refused;
      else if (r && r->status == 400)
        ++read;
      else
        ++other;
    });
  // A small review is answered meanwhile.
  https_client small(port_);
  EXPECT_TRUE(answer(small.ask(review_request())).allowed);
  for (auto& one : all) one.join();
  // With a sanitizer on a busy machine some bodies take longer than they may.
  EXPECT_GE(read, is_sanitized ? 1 : 16) << "as many as the memory for bodies holds";
  EXPECT_EQ(read + refused + other, static_cast<int>(clients));
  EXPECT_LT(peak_memory(), most_mib);
  RecordProperty("peak_mib", static_cast<int>(peak_memory()));
  EXPECT_EQ(end(), 0);
}

// What is kept of a review has a size, whatever it says of itself: its namespace is a key in many tables.
TEST_F(AbuseProcess, NamesThatNoApiServerWritesAreNotKept) {
  const std::string file =
      files_.write("pinhook.yaml", "rules:\n  - name: one\n    require: {registry: [docker.io]}\n    action: warn\n");
  start({"--config", file});
  const std::size_t before = peak_memory();
  https_client c(port_);
  for (int i = 0; i < 40; ++i) {
    std::string ns(std::size_t{1} * 1024 * 1024, 'n');
    ns += std::to_string(i);
    const auto r = c.ask(post(
        "/v1/pin/audit",
        fmt::format(
            R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","kind":{{"group":"","version":"v1","kind":"Pod"}},"namespace":"{}","name":"p","operation":"CREATE","object":{{"metadata":{{"name":"p"}},"spec":{{"containers":[{{"name":"c","image":"{}/a:1"}}]}}}},"oldObject":null}}}})",
            ns, registry_.host())));
    ASSERT_TRUE(r);
    EXPECT_EQ(r->status, 400U);
    EXPECT_THAT(r->body, HasSubstr("request.namespace is longer than 63 bytes"));
  }
  EXPECT_LT(peak_memory(), before + 24) << "MiB; 40 of the names would take 40";
  EXPECT_LT(admin("/metrics", 200).size(), 64U * 1024);
  EXPECT_EQ(end(), 0);
}

}  // namespace
}  // namespace pinhook::testing
