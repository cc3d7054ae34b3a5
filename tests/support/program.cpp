#include "support/paths.hpp"
#include "support/program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace pinhook::testing {
namespace {

std::vector<std::string> child_environment(std::vector<std::string> added) {
  std::vector<std::string> out = std::move(added);
  for (char** one = environ; *one != nullptr; ++one)
    if (!std::string_view(*one).starts_with("PINHOOK_")) out.emplace_back(*one);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

program::program(std::vector<std::string> arguments, std::vector<std::string> environment) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  arguments.insert(arguments.begin(), program_path());
  auto variables = child_environment(std::move(environment));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  // A shell that runs the tests in the background ignores interrupts, and programs inherit that.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t interrupts;
  sigemptyset(&interrupts);
  for (const int one : {SIGINT, SIGQUIT}) sigaddset(&interrupts, one);
  posix_spawnattr_setsigdefault(&attributes, &interrupts);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int problem = posix_spawn(&id_, program_path().c_str(), &actions, &attributes, pointers(arguments).data(),
                                  pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  out_.descriptor = out[0];
  err_.descriptor = err[0];
  if (problem != 0) throw std::runtime_error("cannot start " + program_path());
}

program::~program() {
  if (!has_ended_) {
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  for (const auto* s : {&out_, &err_})
    if (s->descriptor >= 0) close(s->descriptor);
}

bool program::read_some(std::chrono::steady_clock::time_point until) {
  std::array<pollfd, 2> waits{{{out_.descriptor, POLLIN, 0}, {err_.descriptor, POLLIN, 0}}};
  if (out_.descriptor < 0 && err_.descriptor < 0) return false;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  const int ready = left.count() <= 0 ? 0 : poll(waits.data(), waits.size(), static_cast<int>(left.count()));
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0) {
    ADD_FAILURE() << "no output of the program for too long; so far:\n" << out_.text << err_.text;
    return false;
  }
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    if (waits.at(i).revents == 0) continue;
    stream& s = i == 0 ? out_ : err_;
    std::array<char, 4096> bytes{};
    const auto n = read(s.descriptor, bytes.data(), bytes.size());
    if (n > 0) {
      s.text.append(bytes.data(), static_cast<std::size_t>(n));
    } else if (n == 0) {
      close(s.descriptor);
      s.descriptor = -1;
    }
  }
  return true;
}

std::string program::wait_for_line(stream& from, std::string_view part) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    for (auto end = from.text.find('\n', from.given); end != std::string::npos;
         end = from.text.find('\n', from.given)) {
      std::string line = from.text.substr(from.given, end - from.given);
      from.given = end + 1;
      if (line.find(part) != std::string::npos) return line;
    }
    if (from.descriptor < 0 || !read_some(until)) {
      ADD_FAILURE() << "no line with \"" << part << "\" came; so far:\n" << out_.text << err_.text;
      return {};
    }
  }
}

std::string program::wait_for_error_line(std::string_view part) { return wait_for_line(err_, part); }
std::string program::wait_for_output_line(std::string_view part) { return wait_for_line(out_, part); }

void program::send(int signal) const {
  if (!has_ended_) kill(id_, signal);
}

int program::wait() {
  if (has_ended_) return exit_code_;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (out_.descriptor >= 0 || err_.descriptor >= 0) {
    if (!read_some(until)) {
      kill(id_, SIGKILL);
      break;
    }
  }
  int status = 0;
  while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  has_ended_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

program_result run_program(std::vector<std::string> arguments, std::vector<std::string> environment) {
  program p(std::move(arguments), std::move(environment));
  const int code = p.wait();
  return {code, p.output(), p.errors()};
}

}  // namespace pinhook::testing
