// `pinhook check` as a process: exit codes, the text on each stream, and that each suggested fix is valid.
#include "support/certificates.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/pipeline/findings.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string a_digest = "sha256:" + std::string(64, 'a');
const std::string b_digest = "sha256:" + std::string(64, 'b');

class CheckProcess : public ::testing::Test {
 protected:
  CheckProcess() { serve("/v2/a/manifests/1", a_digest); }

  void serve(const std::string& path, const std::string& digest) {
    for (const char* method : {"HEAD", "GET"})
      registry_.on(method, path,
                   {.status = 200,
                    .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"},
                                {"Docker-Content-Digest", digest}}});
  }

  void write(const std::string& name, const std::string& text) const {
    const auto path = work_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string read(const std::string& name) const { return read_file(work_.path() / name); }

  // A Pod with its image in line 5, column 12.
  static std::string pod(const std::string& image) {
    return fmt::format(
        "kind: Pod\napiVersion: v1\nmetadata: {{name: p}}\nspec:\n  containers: [{{name: web, image: "
        "{}}}]\n",
        image);
  }
  std::string tag() const { return registry_.host() + "/a:1"; }

  // In the directory of the files, by a shell, with nothing of the tests' environment that counts.
  program_result run(const std::vector<std::string>& words, const std::string& input = "") const {
    const auto err = logs_.path() / "err";
    const auto out = output_.empty() ? logs_.path() / "out" : std::filesystem::path(output_);
    const auto in = logs_.write("in", input);
    std::string line =
        fmt::format("cd {} && env -i PATH=\"$PATH\" HOME={} PINHOOK_CLOUDS='[]' PINHOOK_REGISTRIES={}",
                    pipeline::shell_word(work_.path().string()), pipeline::shell_word(logs_.path().string()),
                    pipeline::shell_word("{\"" + registry_.host() + "\": {}}"));
    for (const auto& one : extra_) line += " " + pipeline::shell_word(one);
    line += " " + pipeline::shell_word(testing::program_path());
    for (const auto& word : words) line += " " + pipeline::shell_word(word);
    line += fmt::format(" <{} >{} 2>{}", in.string(), out.string(), err.string());
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output_.empty() ? read_file(out) : "", read_file(err)};
  }
  program_result check(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), "check");
    return run(words, input);
  }

  temporary_directory work_, logs_;
  scripted_server registry_;
  std::vector<std::string> extra_;
  // Where standard output goes; empty: it is read.
  std::string output_;
};

TEST_F(CheckProcess, PinnedFilesAreZeroAndAskNobody) {
  write("web.yaml", pod("\"nginx@" + a_digest + "\""));
  const auto seen = check({"."});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_EQ(seen.output, "");
  EXPECT_EQ(seen.errors, "pinhook check: no findings in 1 file; 1 image\n");
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(CheckProcess, FindingsAreOneAndATable) {
  write("deploy/web.yaml", pod("nginx:1.25"));
  write("deploy/fine.yaml", pod("\"nginx@" + a_digest + "\""));
  write("compose.yaml", "services:\n  db:\n    image: postgres\n  app: {build: ., image: app:dev}\n");
  const auto seen = check({"."});
  EXPECT_EQ(seen.exit_code, 1) << seen.errors;
  EXPECT_EQ(seen.output,
            "compose.yaml:3:12     no-tag    postgres    run pinhook pin -i compose.yaml\n"
            "deploy/web.yaml:5:35  unpinned  nginx:1.25  run pinhook pin -i deploy/web.yaml\n");
  EXPECT_EQ(seen.errors, "pinhook check: 2 findings in 2 of 3 files; 4 images, of which left alone: 1 built\n");
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(CheckProcess, ReadsStandardInput) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{}, std::vector<std::string>{"-"}}) {
    const auto seen = check(words, pod("nginx:latest"));
    EXPECT_EQ(seen.exit_code, 1) << seen.errors;
    EXPECT_EQ(seen.output, "stdin:5:35  latest  nginx:latest  run pinhook pin -\n");
  }
}

TEST_F(CheckProcess, AFileThatIsNoYamlIsTwoAndTheOthersAreChecked) {
  write("bad.yaml", "image: [\n");
  write("web.yaml", pod("nginx:1.25"));
  const auto seen = check({"bad.yaml", "web.yaml"});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.output, StartsWith("web.yaml:5:35"));
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("pinhook check: bad.yaml: line "), HasSubstr("1 file could not be read")));
}

TEST_F(CheckProcess, AFileThatIsNotThereIsTwo) {
  const auto seen = check({"nothing.yaml"});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("nothing.yaml"));
  EXPECT_EQ(seen.output, "");
}

TEST_F(CheckProcess, HelmTemplatesAreSkippedWithAHintAndNamedOnesAreTwo) {
  write("chart/templates/web.yaml", "{{- if .Values.on }}\nkind: Pod\nimage: {{ .Values.image }}\n{{- end }}\n");
  write("web.yaml", pod("\"nginx@" + a_digest + "\""));
  const auto seen = check({"."});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.errors, AllOf(HasSubstr("chart/templates/web.yaml"), HasSubstr("helm template")));
  const auto named = check({"chart/templates/web.yaml"});
  EXPECT_EQ(named.exit_code, 2) << named.errors;
  EXPECT_THAT(named.errors, HasSubstr("render it first"));
}

TEST_F(CheckProcess, DriftComparesWithTheRegistry) {
  write("web.yaml", pod(fmt::format("\"{}@{}\"", tag(), b_digest)));
  EXPECT_EQ(check({"web.yaml"}).exit_code, 0);
  const auto seen = check({"--drift", "web.yaml"});
  EXPECT_EQ(seen.exit_code, 1) << seen.errors;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("drift"), HasSubstr("@" + a_digest)));
  serve("/v2/a/manifests/1", b_digest);
  const auto again = check({"--drift", "web.yaml"});
  EXPECT_EQ(again.exit_code, 0) << again.output;
}

TEST_F(CheckProcess, APinWithoutATagIsANote) {
  write("web.yaml", pod("\"nginx@" + a_digest + "\""));
  const auto seen = check({"--drift", "web.yaml"});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("unknown-tag"));
  EXPECT_THAT(seen.errors, HasSubstr("no findings in 1 file, 1 note"));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(CheckProcess, TheTagOfAPinIsReadFromItsComment) {
  write("web.yaml",
        fmt::format("kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - name: web\n    image: {}/a@{} # {}\n",
                    registry_.host(), b_digest, tag()));
  const auto seen = check({"--drift", "-o", "json", "web.yaml"});
  EXPECT_EQ(seen.exit_code, 1) << seen.errors;
  const auto read = json::parse(seen.output);
  ASSERT_TRUE(read && read->Size() == 1) << seen.output;
  EXPECT_EQ(json::find_string((*read)[0], "rule"), "drift");
  EXPECT_EQ(json::find_string((*read)[0], "fix_kind"), "text");
}

TEST_F(CheckProcess, AFailedLookUpIsThreeAndFindingsAreThere) {
  write("web.yaml", pod("nginx:1.25"));
  write("gone.yaml", pod(fmt::format("\"{}/gone:1@{}\"", registry_.host(), b_digest)));
  extra_ = {"PINHOOK_REGISTRY_ALLOW=[\"" + registry_.host() + "\"]"};
  const auto seen = check({"--drift", "."});
  EXPECT_EQ(seen.exit_code, 3) << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("web.yaml:5:35  unpinned  nginx:1.25  run pinhook pin -i web.yaml"));
  EXPECT_THAT(seen.errors, HasSubstr("/gone:1"));
  write("bad.yaml", "image: [\n");
  EXPECT_EQ(check({"--drift", "bad.yaml", "gone.yaml"}).exit_code, 2);
}

TEST_F(CheckProcess, ALockIsAskedInPlaceOfRegistries) {
  write("pinhook.lock", fmt::format("apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages:\n  {}: {{digest: \"{}\"}}\n",
                                    tag(), b_digest));
  write("web.yaml", pod(fmt::format("\"{}@{}\"", tag(), a_digest)));
  write("new.yaml", pod("\"" + tag() + "\""));
  const auto seen = check({"--drift", "--lock", "pinhook.lock", "web.yaml", "new.yaml"});
  EXPECT_EQ(seen.exit_code, 1) << seen.errors;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("web.yaml:5:35  drift"), HasSubstr("@" + b_digest)));
  EXPECT_THAT(check({"--lock", "pinhook.lock", "-o", "json", "new.yaml"}).output,
              AllOf(HasSubstr("\"unpinned\""), HasSubstr("@" + b_digest)));
  write("other.yaml", pod("nginx:1.25"));
  const auto missing = check({"--lock", "pinhook.lock", "other.yaml"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.errors, HasSubstr("does not hold docker.io/library/nginx:1.25"));
  EXPECT_EQ(check({"--lock", "nothing.lock", "other.yaml"}).exit_code, 2);
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(CheckProcess, OfflineAsksNobody) {
  write("web.yaml", pod("\"" + tag() + "\""));
  EXPECT_EQ(check({"--offline", "web.yaml"}).exit_code, 1);
  EXPECT_EQ(check({"--offline", "--drift", "web.yaml"}).exit_code, 3);
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(CheckProcess, TheFormatOfTheFixIsAsAsked) {
  write("web.yaml", pod("\"" + tag() + "\""));
  EXPECT_THAT(check({"--drift", "web.yaml"}).output, HasSubstr(registry_.host() + "/a@" + a_digest));
  EXPECT_THAT(check({"--drift", "--format", "tag-and-digest", "web.yaml"}).output, HasSubstr(tag() + "@" + a_digest));
}

// The text with the first fix of the first result made, as an editor would.
std::string with_fix(const std::string& text, const json::document& sarif) {
  const auto& change = sarif["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
  const auto& region = change["deletedRegion"];
  const auto offset = [&](const char* line, const char* column) {
    std::size_t at = 0;
    for (auto left = json::find_integer(region, line).value(); left > 1; --left) at = text.find('\n', at) + 1;
    return at + static_cast<std::size_t>(json::find_integer(region, column).value()) - 1;
  };
  const auto begin = offset("startLine", "startColumn"), end = offset("endLine", "endColumn");
  return text.substr(0, begin) + std::string(json::find_string(change["insertedContent"], "text").value()) +
         text.substr(end);
}

TEST_F(CheckProcess, FixesOfSarifArePins) {
  const std::vector<std::string> texts{
      fmt::format("kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - image: '{}'  # ours\n    name: web\n", tag()),
      fmt::format("services:\r\n  web:\r\n    image: {}\r\n", tag()),
      pod("\"" + tag() + "\""),
  };
  for (const auto& text : texts) {
    write("web.yaml", text);
    const auto seen = check({"--drift", "-o", "sarif", "web.yaml"});
    EXPECT_EQ(seen.exit_code, 1) << seen.errors;
    const auto sarif = json::parse(seen.output);
    ASSERT_TRUE(sarif) << seen.output;
    ASSERT_TRUE((*sarif)["runs"][0]["results"][0].HasMember("fixes")) << text;
    write("web.yaml", with_fix(text, *sarif));
    const auto fixed = check({"--drift", "web.yaml"});
    EXPECT_EQ(fixed.exit_code, 0) << read("web.yaml") << fixed.output;
    write("pinned.yaml", text);
    EXPECT_EQ(run({"pin", "-i", "pinned.yaml"}).exit_code, 0);
    EXPECT_EQ(read("web.yaml"), read("pinned.yaml"));
  }
}

TEST_F(CheckProcess, AFileTooLargeForExactFixesHasThemInWords) {
  std::string text = pod("\"" + tag() + "\"");
  const std::string line = "# " + std::string(4093, '-') + "\n";
  while (text.size() <= std::size_t{32} * 1024 * 1024) text += line;
  write("web.yaml", text);
  const auto seen = check({"--drift", "-o", "sarif", "web.yaml"});
  EXPECT_EQ(seen.exit_code, 1) << seen.errors;
  EXPECT_THAT(seen.output,
              AllOf(HasSubstr("write " + registry_.host() + "/a@" + a_digest), Not(HasSubstr("\"fixes\""))));
}

TEST_F(CheckProcess, EveryFormatIsWholeAndAlone) {
  write("web.yaml", pod("nginx:1.25"));
  EXPECT_TRUE(json::parse(check({"-o", "json", "."}).output));
  EXPECT_TRUE(json::parse(check({"-o", "sarif", "."}).output));
  EXPECT_THAT(check({"-o", "junit", "."}).output,
              AllOf(StartsWith("<?xml"), HasSubstr("<failure type=\"unpinned\""), HasSubstr("</testsuites>\n")));
  EXPECT_THAT(check({"-o", "github", "."}).output, StartsWith("::warning file=web.yaml,line=5,col=35,"));
  const auto other = check({"-o", "xml", "."});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_EQ(other.output, "");
}

TEST_F(CheckProcess, HooksOfPreCommitRun) {
  const auto hooks = yaml::parse(read_file(std::filesystem::path(testing::source_dir()) / ".pre-commit-hooks.yaml"));
  ASSERT_TRUE(hooks) << hooks.error().message;
  ASSERT_EQ(hooks->items.size(), 2U);
  write("a b.yaml", pod("\"" + tag() + "\""));
  std::vector<int> codes;
  for (const std::size_t i : {0U, 1U, 0U}) {
    const auto* entry = hooks->items[i].find("entry");
    ASSERT_NE(entry, nullptr);
    std::istringstream in(entry->text);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    ASSERT_EQ(words.at(0), "pinhook");
    words.erase(words.begin());
    words.emplace_back("a b.yaml");
    codes.push_back(run(words).exit_code);
  }
  EXPECT_EQ(codes, (std::vector<int>{1, 0, 0}));
}

TEST_F(CheckProcess, AReportThatCannotBeWrittenIsTwo) {
  write("web.yaml", pod("nginx:1.25"));
  output_ = "/dev/full";
  const auto seen = check({"web.yaml"});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("pinhook check: standard output: "));
}

TEST_F(CheckProcess, AConfigurationThatIsNoneIsTwo) {
  write("web.yaml", pod("nginx:1.25"));
  write("pinhook.yaml", "pin: {formt: digest}\n");
  const auto seen = check({"--config", "pinhook.yaml", "web.yaml"});
  EXPECT_EQ(seen.exit_code, 2);
  EXPECT_THAT(seen.errors, HasSubstr("formt"));
}

TEST_F(CheckProcess, TheConfigurationSaysFormatAndPlaces) {
  write("web.yaml", pod("\"" + tag() + "\""));
  write("odd.yaml", "server: {img: nginx}\n");
  write("pinhook.yaml",
        "pin: {format: tag-and-digest}\nfiles: {paths: [{files: \"**/odd.yaml\", paths: [server.img]}]}\n");
  const auto seen = check({"--config", "pinhook.yaml", "--drift", "web.yaml"});
  EXPECT_THAT(seen.output, HasSubstr(tag() + "@" + a_digest)) << seen.errors;
  EXPECT_THAT(check({"--config", "pinhook.yaml", "odd.yaml"}).output, StartsWith("odd.yaml:1:15  no-tag  nginx"));
}

TEST_F(CheckProcess, PathsAreShownAsTheyAreNamed) {
  write("a b/\x1b[31m.yaml", pod("nginx:1.25"));
  const auto seen = check({"a b"});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_THAT(seen.output, AllOf(StartsWith("a b/\\x1b[31m.yaml:5:35"), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace pinhook::testing
