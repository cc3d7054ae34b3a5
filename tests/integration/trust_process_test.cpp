// `pinhook trust update` as a process, with repositories of tests/corpus/tuf on loopback: what is stored, its output
// and its exit codes.
#include "support/certificates.hpp"
#include "support/program.hpp"
#include "support/scripted_server.hpp"
#include "support/tuf_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class TrustProcess : public ::testing::Test {
 protected:
  void serve(const tuf_case& of) {
    repository_.otherwise([files = of.repository](const recorded_request& r) {
      const auto found = files.find(r.path().substr(std::string_view("/r/").size()));
      return found == files.end() ? reply{.status = 404} : reply{.status = 200, .body = found->second};
    });
  }
  [[nodiscard]] program_result update(std::vector<std::string> words, const std::string& registries = "{}") const {
    words.insert(words.begin(), {"trust", "update"});
    return run_program(std::move(words), {"HOME=" + home_.path().string(), "PINHOOK_REGISTRIES=" + registries});
  }
  [[nodiscard]] program_result update_directory(const std::string& root = "") const {
    std::vector<std::string> words{"--tuf-url", repository_.url("/r/"), "--out", out()};
    if (!root.empty()) words.insert(words.end(), {"--root", root});
    return update(words);
  }
  [[nodiscard]] std::string out() const { return (home_.path() / "new/trust").string(); }
  [[nodiscard]] std::map<std::string, std::string> stored() const {
    std::map<std::string, std::string> files;
    for (const auto& one : std::filesystem::directory_iterator(out())) {
      std::ifstream in(one.path(), std::ios::binary);
      files.emplace(one.path().filename(), std::string(std::istreambuf_iterator<char>(in), {}));
    }
    return files;
  }

  scripted_server repository_;
  temporary_directory home_;
};

TEST_F(TrustProcess, ADirectoryHoldsTheNewestFilesOrThoseBefore) {
  const tuf_case good = read_tuf_case("good-lasting");
  serve(good);
  const auto first = update_directory();
  EXPECT_EQ(first.exit_code, 2);
  EXPECT_THAT(first.errors, HasSubstr("the first update needs --root"));
  EXPECT_FALSE(std::filesystem::exists(out()));

  const auto root = home_.write("root.json", good.options.root).string();
  const auto done = update_directory(root);
  ASSERT_EQ(done.exit_code, 0) << done.errors;
  EXPECT_THAT(done.output, AllOf(HasSubstr("trusted_root.json sha256:"), EndsWith(" written\n")));
  EXPECT_THAT(done.errors, HasSubstr("root 1, timestamp 1, snapshot 1, targets 1; update again before 2200-01-01T"));
  const auto files = stored();
  EXPECT_EQ(files.size(), 4U);

  const auto again = update_directory();
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_THAT(again.output, EndsWith(" unchanged\n"));

  // What does not hold changes nothing.
  serve(read_tuf_case("good-ecdsa"));
  const auto other = update_directory();
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.errors, AllOf(HasSubstr("\"timestamp.json\" (role timestamp)"), HasSubstr("try another mirror")));
  EXPECT_EQ(stored(), files);
  repository_.otherwise([](const recorded_request&) { return reply{.status = 302}; });
  EXPECT_EQ(update_directory().exit_code, 2);
  repository_.otherwise([](const recorded_request&) { return reply{.status = 401}; });
  EXPECT_EQ(update_directory().exit_code, 3);
  EXPECT_EQ(stored(), files);
}

// The next update begins with it, and the keys that it took away cannot lead elsewhere.
TEST_F(TrustProcess, AVerifiedRootIsStoredAlsoWhenTheRestDoesNotHold) {
  tuf_case of = read_tuf_case("good-root-rotated");
  of.repository["timestamp.json"] = "{}";
  serve(of);
  const auto failed = update_directory(home_.write("root.json", of.options.root).string());
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_EQ(stored(), (std::map<std::string, std::string>{{"tuf.root.json", of.repository.at("4.root.json")}}));
  repository_.forget_requests();
  EXPECT_EQ(update_directory().exit_code, 1) << "without --root";
  EXPECT_EQ(repository_.requests().front().path(), "/r/5.root.json");
}

// A folder that cannot take one of the files keeps all of the old ones.
TEST_F(TrustProcess, ADirectoryGetsAllFilesOrNone) {
  const tuf_case of = read_tuf_case("good-lasting");
  serve(of);
  std::filesystem::create_directories(out() + "/trusted_root.json/in-the-way");
  const auto failed = update_directory(home_.write("root.json", of.options.root).string());
  EXPECT_EQ(failed.exit_code, 2);
  EXPECT_THAT(failed.errors, HasSubstr("trusted_root.json"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(out()), {}), 1);
}

TEST_F(TrustProcess, TheAuthorityOfAMirrorIsThatOfItsHost) {
  const certificate_authority authority;
  scripted_server secure{authority.issue()};
  const tuf_case of = read_tuf_case("good-lasting");
  secure.otherwise([files = of.repository](const recorded_request& r) {
    const auto found = files.find(r.path().substr(1));
    return found == files.end() ? reply{.status = 404} : reply{.status = 200, .body = found->second};
  });
  const std::vector<std::string> words{
      "--tuf-url", secure.url("/"), "--out", out(), "--root", home_.write("root.json", of.options.root).string()};
  const auto refused = update(words);
  EXPECT_EQ(refused.exit_code, 3) << refused.errors;
  EXPECT_THAT(refused.errors, HasSubstr("2.root.json"));
  const std::string file = home_.write("ca.crt", authority.certificate()).string();
  const auto done = update(words, "{\"" + secure.host() + "\": {\"ca_file\": \"" + file + "\"}}");
  EXPECT_EQ(done.exit_code, 0) << done.errors;
}

TEST_F(TrustProcess, WrongUsageIsSaid) {
  struct row {
    std::vector<std::string> words;
    const char* part;
  };
  const std::vector<row> rows{
      {{"--tuf-url", "https://tuf.example"}, "one of --out, --configmap and --secret"},
      {{"--out", "x"}, "--tuf-url"},
      {{"--tuf-url", "tuf.example", "--out", "x"}, "--tuf-url"},
      {{"--tuf-url", "https://tuf.example", "--out", "x", "--secret", "a/b"}, "one of --out, --configmap and --secret"},
      {{"--tuf-url", "https://tuf.example", "--configmap", "trust"},
       "--configmap: \"trust\" must be a namespace and a name"},
      {{"--tuf-url", "https://tuf.example", "--out", "x", "--root", "/nowhere/root.json"}, "--root: "},
  };
  for (const row& one : rows) {
    const auto done = update(one.words);
    EXPECT_EQ(done.exit_code, 2) << one.part;
    EXPECT_THAT(done.errors, HasSubstr(one.part));
  }
}

}  // namespace
}  // namespace pinhook::testing
