#include "support/golden.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <sys/wait.h>

#include <cstdlib>

namespace pinhook::testing {

namespace fs = std::filesystem;

std::string script_stage::read(const std::string& name) const { return read_file(path() / name); }

bool script_stage::exists(const std::string& name) const { return fs::exists(path() / name); }

void script_stage::put_program(const std::string& name, const std::string& commands) const {
  fs::create_directories(path() / "programs");
  const auto program = work_.write("programs/" + name, "#!/bin/bash\n" + commands + "\n");
  fs::permissions(program, fs::perms::owner_all);
}

int script_stage::run(const std::string& command) const {
  const int status =
      std::system(fmt::format("export WORK='{0}' PATH='{0}/programs':\"$PATH\"; {1} >'{0}/out' 2>'{0}/errors'",
                              path().string(), command)
                      .c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace pinhook::testing
