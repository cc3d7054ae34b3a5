#include "support/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace pinhook::testing {
namespace {

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto whole = std::filesystem::path(folder) / name;
    if (::access(whole.c_str(), X_OK) == 0) return whole.string();
  }
  return {};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

child_process::child_process(const child_options& o, std::string_view package) {
  const std::string program = find_program(o.command.at(0));
  if (program.empty())
    throw std::runtime_error(o.command[0] + " is missing: install the Debian package " + std::string(package));
  std::vector<std::string> arguments = o.command;
  std::vector<std::string> variables;
  for (char** one = environ; *one != nullptr; ++one) variables.emplace_back(*one);
  for (const auto& [name, value] : o.environment) variables.push_back(name + "=" + value);
  const auto argv = pointers(arguments);
  const auto envp = pointers(variables);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");

  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no child process");
  if (pid_ == 0) {
    // Between fork and exec only calls that are safe in a signal handler: other threads may have held locks.
    ::dup2(pipe[1], 1);
    ::dup2(pipe[1], 2);
    if (o.ends_with_starter) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    constexpr int far = 500;  // out of the way, so that no descriptor overwrites another
    const int count = static_cast<int>(o.inherited.size());
    for (int i = 0; i < count; ++i) ::dup2(o.inherited[static_cast<std::size_t>(i)], far + i);
    for (int i = 0; i < count; ++i) {
      ::dup2(far + i, 3 + i);
      ::close(far + i);
    }
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  reader_ = std::thread([this, fd = pipe[0]] { collect(fd); });
}

child_process::~child_process() {
  end(SIGTERM);
  reader_.join();
}

int child_process::end(int signal) {
  if (exit_code_ >= 0) return exit_code_;
  ::kill(pid_, signal);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

bool child_process::is_running() const {
  siginfo_t seen{};
  return exit_code_ < 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         seen.si_pid == 0;
}

void child_process::collect(int fd) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    const std::lock_guard hold(mutex_);
    if (size <= 0) {
      has_ended_ = true;
      more_.notify_all();
      break;
    }
    output_.append(buffer.data(), static_cast<std::size_t>(size));
    more_.notify_all();
  }
  ::close(fd);
}

std::string child_process::output() const {
  const std::lock_guard hold(mutex_);
  return output_;
}

std::string child_process::wait_for_line(std::string_view text) const {
  std::string line;
  const auto is_there = [&] {
    const auto at = output_.find(text);
    const auto end = at == std::string::npos ? at : output_.find('\n', at);
    if (end == std::string::npos) return has_ended_;
    const auto begin = output_.rfind('\n', at) + 1;  // npos + 1 is 0
    line = output_.substr(begin, end - begin);
    return true;
  };
  std::unique_lock hold(mutex_);
  more_.wait_for(hold, std::chrono::seconds(30), is_there);
  return line;
}

}  // namespace pinhook::testing
