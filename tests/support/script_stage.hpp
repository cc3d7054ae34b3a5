// A place to run a script in with programs of the test in front of the system's.
//
//   script_stage stage;
//   stage.put_program("apt-get", "echo \"apt-get $*\" >>\"$WORK/calls\"");
//   EXPECT_EQ(stage.run("bash .ci/install build"), 0) << stage.read("errors");
//   EXPECT_THAT(stage.read("calls"), …);
//
// One thread.
#pragma once

#include "support/certificates.hpp"

#include <filesystem>
#include <string>

namespace pinhook::testing {

class script_stage {
 public:
  /// What `$WORK` is in scripts and programs.
  [[nodiscard]] const std::filesystem::path& path() const { return work_.path(); }
  void write(const std::string& name, const std::string& text) const { work_.write(name, text); }
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] bool exists(const std::string& name) const;

  /// A program of that name that runs Bash commands.
  void put_program(const std::string& name, const std::string& commands) const;
  /// Runs a command of the shell, in the folder of the test; gives its exit status, and -1 for one that a signal ended.
  /// What it prints is in the files "out" and "errors".
  int run(const std::string& command) const;

 private:
  temporary_directory work_;
};

}  // namespace pinhook::testing
