#include "e2e/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ostream>
#include <stdexcept>

extern char** environ;

namespace pinhook::e2e {
namespace {

constexpr int exit_code_of_timeout = 124;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// The added variables replace those of the same name.
std::vector<std::string> child_environment(const command_options& o) {
  std::vector<std::string> out;
  for (const auto& [name, value] : o.environment) out.push_back(name + "=" + value);
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text = *one;
    bool is_replaced = false;
    for (const auto& [name, value] : o.environment) is_replaced = is_replaced || text.starts_with(name + "=");
    if (!is_replaced) out.push_back(text);
  }
  return out;
}

// A file in memory that holds the input: no pipe that somebody has to feed.
int input_file(const std::string& text) {
  const int file = ::memfd_create("input", MFD_CLOEXEC);
  if (file < 0) throw std::runtime_error("no file in memory");
  for (std::size_t done = 0; done < text.size();) {
    const auto n = ::write(file, text.data() + done, text.size() - done);
    if (n < 0) throw std::runtime_error("cannot write the input of a command");
    done += static_cast<std::size_t>(n);
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

// One read; false at the end of the stream.
bool read_into(int from, std::string& to) {
  std::array<char, 16384> bytes{};
  const auto n = ::read(from, bytes.data(), bytes.size());
  if (n > 0) to.append(bytes.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && errno == EINTR);
}

// Reads both streams to their ends; false when the time is over before.
bool read_all(std::array<int, 2> streams, command_result& to, std::chrono::steady_clock::time_point until) {
  std::array<pollfd, 2> waits{{{streams[0], POLLIN, 0}, {streams[1], POLLIN, 0}}};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    if (::poll(waits.data(), waits.size(), static_cast<int>(left)) <= 0) continue;
    if (waits[0].fd >= 0 && waits[0].revents != 0 && !read_into(waits[0].fd, to.output)) waits[0].fd = -1;
    if (waits[1].fd >= 0 && waits[1].revents != 0 && !read_into(waits[1].fd, to.errors)) waits[1].fd = -1;
  }
  return true;
}

}  // namespace

command_result run_command(const command_options& o) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const int in = input_file(o.input);
  auto arguments = o.command;
  auto variables = child_environment(o);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  pid_t id = -1;
  const int problem = ::posix_spawnp(&id, arguments.at(0).c_str(), &actions, nullptr, pointers(arguments).data(),
                                     pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  for (const int one : {in, out[1], err[1]}) ::close(one);
  command_result r;
  if (problem == 0) {
    const bool has_ended = read_all({out[0], err[0]}, r, std::chrono::steady_clock::now() + o.limit);
    if (!has_ended) ::kill(id, SIGKILL);
    int status = 0;
    while (::waitpid(id, &status, 0) < 0 && errno == EINTR) {
    }
    r.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (!has_ended) {
      r.exit_code = exit_code_of_timeout;
      r.errors += "\n(killed after " + std::to_string(o.limit.count()) + " s)";
    }
  }
  for (const int one : {out[0], err[0]}) ::close(one);
  if (problem != 0) throw std::runtime_error("cannot start " + o.command[0]);
  return r;
}

std::ostream& operator<<(std::ostream& out, const command_result& r) {
  return out << "exit code " << r.exit_code << "\n" << r.output << r.errors;
}

}  // namespace pinhook::e2e
