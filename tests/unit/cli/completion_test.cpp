#include <pinhook/cli/completion.hpp>

#include "support/certificates.hpp"
#include "support/golden.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
namespace fs = std::filesystem;
using strings = std::vector<std::string>;

const described_command& described(std::string_view name) {
  static const auto all = describe_command_line();
  for (const auto& one : all)
    if (one.name == name) return one;
  throw std::runtime_error(fmt::format("no command {}", name));
}

const described_option& described(std::string_view name, std::string_view option) {
  for (const auto& one : described(name).options)
    if (one.long_name == option || (one.long_name.empty() && one.value_name == option)) return one;
  throw std::runtime_error(fmt::format("no option {} of {}", option, name));
}

TEST(CommandLine, IsDescribed) {
  EXPECT_EQ(described("pin", "in-place").kind, value_kind::none);
  EXPECT_EQ(described("pin", "in-place").short_name, "i");
  EXPECT_EQ(described("pin", "lock").kind, value_kind::file);
  EXPECT_EQ(described("pin", "PATH").kind, value_kind::file);
  EXPECT_TRUE(described("pin", "PATH").repeats);
  EXPECT_EQ(described("pin", "format").kind, value_kind::listed);
  EXPECT_THAT(described("pin", "format").values, ElementsAre("digest", "tag-and-digest"));
  EXPECT_EQ(described("serve", "tls-key").kind, value_kind::file);
  EXPECT_EQ(described("serve", "listen").kind, value_kind::free);
  EXPECT_EQ(described("resolve", "REF").kind, value_kind::free);
  EXPECT_THAT(described("completion", "SHELL").values, ElementsAre("bash", "zsh", "fish"));
  EXPECT_EQ(described("", "version").kind, value_kind::none);
  EXPECT_EQ(command_named("pin"), command::pin);
  EXPECT_EQ(command_named("nothing"), command::help);
}

struct shell_case {
  const char* name;
  // Before a long option.
  const char* dashes;
};
constexpr shell_case shells[] = {{"bash", "--"}, {"zsh", "--"}, {"fish", "-l "}};

std::string script_of(const char* shell) {
  return completion_script(parse_shell(shell).value(), describe_command_line());
}

TEST(Completion, HoldsEveryCommandOptionAndValue) {
  for (const auto& shell : shells) {
    const auto script = script_of(shell.name);
    for (const auto& command : describe_command_line()) {
      EXPECT_THAT(script, HasSubstr(command.name)) << shell.name;
      for (const auto& option : command.options) {
        const auto spelled = option.long_name.empty() ? std::string() : shell.dashes + option.long_name;
        EXPECT_THAT(script, HasSubstr(spelled)) << shell.name << ' ' << command.name;
        for (const auto& value : option.values) EXPECT_THAT(script, HasSubstr(value)) << shell.name;
      }
    }
    EXPECT_TRUE(script.ends_with('\n'));
  }
  EXPECT_FALSE(parse_shell("tcsh"));
  EXPECT_EQ(completion_script(completion_shell::bash, {}), "");
}

// Awkward help must not end a quote or a bracket.
TEST(Completion, QuotesHelp) {
  const std::vector<described_command> odd{
      {"", "", "", {}},
      {"it's", "a [b]: c's \\ $x `y`", "", {{"o", "odd", "F:G", "it's [x] \\ $y", value_kind::free, {}, true}}}};
  EXPECT_THAT(completion_script(completion_shell::zsh, odd),
              HasSubstr(R"('*'{-o+,--odd=}'[it'\''s \[x\] \\ $y]:F\:G: ')"));
  EXPECT_THAT(completion_script(completion_shell::fish, odd), HasSubstr(R"(-s o -l odd -x -d 'it\'s [x] \\ $y')"));
}

bool is_there(const std::string& shell) { return std::system(("command -v " + shell + " >/dev/null").c_str()) == 0; }

// In a directory with the files "web.yaml" and "my file.json", after the script was read.
class shell_session {
 public:
  explicit shell_session(std::string shell) : shell_(std::move(shell)) {
    folder_.write("script", script_of(shell_.c_str()));
    fs::create_directory(folder_.path() / "here");
    folder_.write("here/web.yaml", "");
    folder_.write("here/my file.json", "");
  }

  int check_syntax() {
    return std::system(fmt::format("{} -n '{}'", shell_, (folder_.path() / "script").string()).c_str());
  }

  // The lines that the commands print.
  strings run(const std::string& commands) {
    folder_.write("commands", commands);
    const int code = std::system(fmt::format("cd '{0}/here' && HOME='{0}' {1} '{0}/commands' >'{0}/out' 2>'{0}/errors'",
                                             folder_.path().string(), shell_)
                                     .c_str());
    EXPECT_EQ(code, 0);
    EXPECT_EQ(pinhook::testing::read_file((folder_.path() / "errors").string()), "");
    std::istringstream in(pinhook::testing::read_file((folder_.path() / "out").string()));
    strings out;
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }

 private:
  std::string shell_;
  pinhook::testing::temporary_directory folder_;
};

struct BashCompletion : ::testing::Test {
  shell_session session{"bash"};
  void SetUp() override {
    if (!is_there("bash")) GTEST_SKIP() << "bash is not installed";
  }
  // The candidates for the last word, without the errors of compopt outside a completion.
  strings complete(const strings& words) {
    std::string arguments;
    for (const auto& word : words) arguments += fmt::format(" '{}'", word);
    return session.run(
        fmt::format("source ../script\ncompopt() {{ :; }}\nCOMP_WORDS=(pinhook{})\nCOMP_CWORD={}\n_pinhook\n"
                    "if ((${{#COMPREPLY[@]}})); then printf '%s\\n' \"${{COMPREPLY[@]}}\"; fi\n",
                    arguments, words.size()));
  }
};

TEST_F(BashCompletion, ParsesAndRegisters) {
  EXPECT_EQ(session.check_syntax(), 0);
  EXPECT_THAT(session.run("set -eu\nsource ../script\ncomplete -p pinhook\n"),
              ElementsAre("complete -F _pinhook pinhook"));
}

TEST_F(BashCompletion, CompletesCommands) {
  EXPECT_THAT(complete({""}), Contains("serve"));
  EXPECT_THAT(complete({""}), Not(Contains("--help")));
  EXPECT_THAT(complete({"com"}), ElementsAre("completion"));
  EXPECT_THAT(complete({"--v"}), ElementsAre("--version"));
}

TEST_F(BashCompletion, CompletesOptionsOfTheCommand) {
  EXPECT_THAT(complete({"pin", "--f"}), ElementsAre("--format"));
  EXPECT_THAT(complete({"pin", "a", "--up"}), ElementsAre("--update"));
  EXPECT_THAT(complete({"unpin", "--up"}), IsEmpty());
  EXPECT_THAT(complete({"check", "-"}), Contains("-o"));
}

TEST_F(BashCompletion, CompletesValues) {
  EXPECT_THAT(complete({"pin", "--format", ""}), ElementsAre("digest", "tag-and-digest"));
  EXPECT_THAT(complete({"pin", "--format", "=", "t"}), ElementsAre("tag-and-digest"));
  EXPECT_THAT(complete({"pin", "--format", "="}), ElementsAre("digest", "tag-and-digest"));
  EXPECT_THAT(complete({"check", "-o", "s"}), ElementsAre("sarif"));
  EXPECT_THAT(complete({"resolve", "-o", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(complete({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(complete({"serve", "--threads", ""}), IsEmpty());
  EXPECT_THAT(complete({"resolve", ""}), IsEmpty());
}

TEST_F(BashCompletion, CompletesFiles) {
  EXPECT_THAT(complete({"pin", ""}), UnorderedElementsAre("my file.json", "web.yaml"));
  EXPECT_THAT(complete({"pin", "-i", "m"}), ElementsAre("my file.json"));
  EXPECT_THAT(complete({"pin", "--lock", "w"}), ElementsAre("web.yaml"));
  EXPECT_THAT(complete({"check", "--config", "=", "w"}), ElementsAre("web.yaml"));
  EXPECT_THAT(complete({"lock", "--file", "w"}), ElementsAre("web.yaml"));
  EXPECT_THAT(complete({"serve", "--tls-key", "w"}), ElementsAre("web.yaml"));
  EXPECT_THAT(complete({"pin", "--", "w"}), ElementsAre("web.yaml"));
  EXPECT_THAT(complete({"explain", "w"}), IsEmpty());
}

TEST(ZshCompletion, ParsesAndRegisters) {
  if (!is_there("zsh")) GTEST_SKIP() << "zsh is not installed";
  shell_session session("zsh");
  EXPECT_EQ(session.check_syntax(), 0);
  EXPECT_THAT(session.run("autoload -U compinit\ncompinit -u -D\nsource ../script\nprint -r -- $_comps[pinhook]\n"),
              ElementsAre("_pinhook"));
}

struct FishCompletion : ::testing::Test {
  shell_session session{"fish"};
  void SetUp() override {
    if (!is_there("fish")) GTEST_SKIP() << "fish is not installed";
  }
  // Without the description behind the tab.
  strings complete(const std::string& line) {
    auto out = session.run(fmt::format("source ../script\ncomplete -C 'pinhook {}'\n", line));
    for (auto& one : out) one = one.substr(0, one.find('\t'));
    return out;
  }
};

TEST_F(FishCompletion, Completes) {
  EXPECT_EQ(session.check_syntax(), 0);
  EXPECT_THAT(complete("co"), ElementsAre("completion"));
  EXPECT_THAT(complete("--v"), ElementsAre("--version"));
  EXPECT_THAT(complete("pin --fo"), ElementsAre("--format"));
  EXPECT_THAT(complete("unpin --up"), IsEmpty());
  EXPECT_THAT(complete("pin --format "), UnorderedElementsAre("digest", "tag-and-digest"));
  EXPECT_THAT(complete("check -o s"), ElementsAre("sarif"));
  EXPECT_THAT(complete("completion "), UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(complete("pin w"), ElementsAre("web.yaml"));
  EXPECT_THAT(complete("pin --lock w"), ElementsAre("web.yaml"));
  EXPECT_THAT(complete("explain w"), IsEmpty());
}

}  // namespace
}  // namespace pinhook::cli
