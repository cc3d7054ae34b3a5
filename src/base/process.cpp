#include <pinhook/base/process.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace pinhook {
namespace {

using asio::posix::stream_descriptor;

/// A descriptor that closes itself.
class file {
 public:
  file() = default;
  explicit file(int fd) : fd_(fd) {}
  file(file&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file& operator=(file&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~file() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct pipe_ends {
  file read, write;
};

std::unexpected<error> system_failure(std::string_view action, int number) {
  return fail(error_code::internal, fmt::format("{}: {}", action, std::strerror(number)));
}

result<pipe_ends> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure("cannot make a pipe", errno);
  return pipe_ends{file(ends[0]), file(ends[1])};
}

/// The input as a file in memory: the program may read it or not. Feeding a pipe would raise SIGPIPE when the program
/// does not read.
result<file> make_input(const secret& input) {
  file out(::memfd_create("pinhook-input", MFD_CLOEXEC));
  if (!out.is_open()) return system_failure("cannot make a file in memory", errno);
  std::string_view rest = input.reveal();
  while (!rest.empty()) {
    const ssize_t written = ::write(out.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return system_failure("cannot write to a file in memory", errno);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(out.get(), 0, SEEK_SET) != 0) return system_failure("cannot rewind a file in memory", errno);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
  std::vector<std::string> out = additions;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto name = text.substr(0, text.find('=') + 1);
    if (std::ranges::none_of(additions, [&](const std::string& a) { return a.starts_with(name); }))
      out.emplace_back(text);
  }
  return out;
}

struct spawn_settings {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};

  spawn_settings(int input, int output, int errors) {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    ::posix_spawn_file_actions_adddup2(&actions, errors, 2);
    // Sockets of Asio and libcurl are not all close-on-exec.
    ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
  }
  ~spawn_settings() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;
};

std::unexpected<error> spawn_failure(const std::string& program, int number) {
  const std::string name = quoted(program);
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return fail(error_code::not_found, fmt::format("program {} not found; is it installed and in PATH?", name));
    case EACCES:
    case EPERM:
    case ENOEXEC:
      return fail(error_code::denied, fmt::format("cannot execute {}: {}", name, std::strerror(number)));
    default:
      return system_failure(fmt::format("cannot start {}", name), number);
  }
}

/// One of the two outputs: read whenever there is data, so that the program never waits for this process.
struct captured {
  stream_descriptor from;

  captured(const asio::any_io_executor& executor, std::size_t limit) : from(executor), buffer_(limit + 1, '\0') {}
  ~captured() { static_cast<void>(take()); }  // a secret wipes itself
  captured(const captured&) = delete;
  captured& operator=(const captured&) = delete;

  enum class state { open, at_end, too_much };
  state drain() {
    while (used_ < buffer_.size()) {
      const ssize_t got = ::read(from.native_handle(), buffer_.data() + used_, buffer_.size() - used_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return state::open;
      if (got <= 0) return state::at_end;
      used_ += static_cast<std::size_t>(got);
    }
    return state::too_much;
  }
  secret take() {
    buffer_.resize(std::exchange(used_, 0));
    return secret(std::exchange(buffer_, {}));
  }

 private:
  std::string buffer_;  // one byte more than the limit, to detect that it is exceeded
  std::size_t used_ = 0;
};

/// A running program. Its pending operations hold it, so it outlives a `run` that gave up, until it is reaped.
class child : public std::enable_shared_from_this<child> {
 public:
  child(const asio::any_io_executor& executor, const process_request& request)
      : program_(request.argv.front()),
        limit_(request.output_limit),
        output_(executor, limit_),
        errors_(executor, limit_),
        exit_(executor),
        done_(executor) {}
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    if (is_reaped_ || pid_ == 0) return;
    // Reached only when the io_context ends before the program does, or when the program cannot be watched. SIGKILL
    // takes effect at once, save for a process that is stuck in the kernel.
    kill();
    if (exit_.is_open()) {
      pollfd wait{exit_.native_handle(), POLLIN, 0};
      ::poll(&wait, 1, 1000);
    }
    ::waitpid(pid_, nullptr, exit_.is_open() ? WNOHANG : 0);
  }

  result<void> start(process_request& request) {
    auto input = make_input(request.input);
    if (!input) return fail(std::move(input.error()));
    auto output = make_pipe();
    if (!output) return fail(std::move(output.error()));
    auto errors = make_pipe();
    if (!errors) return fail(std::move(errors.error()));

    auto variables = environment_with(request.environment);
    const auto argv = pointers_to(request.argv);
    const auto envp = pointers_to(variables);
    const spawn_settings settings(input->get(), output->write.get(), errors->write.get());
    const int failed =
        ::posix_spawnp(&pid_, argv.front(), &settings.actions, &settings.attributes, argv.data(), envp.data());
    if (failed != 0) {
      pid_ = 0;
      return spawn_failure(program_, failed);
    }
    // By number: sys/pidfd.h of glibc 2.36 has no C linkage.
    const auto exit = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (exit < 0) return system_failure("cannot watch a process (pidfd_open)", errno);
    exit_.assign(exit);
    output_.from.assign(output->read.release());
    errors_.from.assign(errors->read.release());
    output_.from.native_non_blocking(true);
    errors_.from.native_non_blocking(true);
    watch(output_);
    watch(errors_);
    watch_exit();
    return {};
  }

  /// For the waiting coroutine: expires at the deadline, is cancelled when the program is done.
  asio::steady_timer& done() { return done_; }

  /// Kills the program if it still runs.
  void kill() const {
    // Without a child, kill(0) would hit this process's own group.
    if (is_reaped_ || pid_ == 0) return;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
  }

  /// The outcome, once there is one.
  std::optional<result<process_output>> take_outcome() { return std::exchange(outcome_, std::nullopt); }

 private:
  void watch(captured& stream) {
    stream.from.async_wait(stream_descriptor::wait_read,
                           [self = shared_from_this(), &stream](boost::system::error_code ec) {
                             if (ec || self->is_reaped_) return;
                             switch (stream.drain()) {
                               case captured::state::open:
                                 return self->watch(stream);
                               case captured::state::at_end:
                                 return;
                               case captured::state::too_much:
                                 self->kill();
                                 return self->finish(self->too_much(stream));
                             }
                           });
  }

  void watch_exit() {
    exit_.async_wait(stream_descriptor::wait_read, [self = shared_from_this()](boost::system::error_code ec) {
      if (!ec) self->reap();
    });
  }

  void reap() {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
    const int number = errno;
    is_reaped_ = true;
    // The program's output is in the pipes by now. An end of file may never come: a process that it left running may
    // hold them.
    for (captured* stream : {&output_, &errors_}) {
      stream->from.cancel();
      if (stream->drain() == captured::state::too_much) finish(too_much(*stream));
    }
    if (reaped != pid_)
      return finish(system_failure(fmt::format("cannot get the exit status of {}", quoted(program_)), number));
    process_output out;
    out.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    out.output = output_.take();
    out.errors = errors_.take();
    finish(std::move(out));
  }

  [[nodiscard]] std::unexpected<error> too_much(const captured& stream) const {
    return fail(error_code::malformed, fmt::format("{} wrote more than {} bytes to its standard {}", quoted(program_),
                                                   limit_, &stream == &output_ ? "output" : "error"));
  }

  void finish(result<process_output> outcome) {
    if (is_finished_) return;
    is_finished_ = true;
    outcome_ = std::move(outcome);
    done_.cancel();
  }

  std::string program_;
  std::size_t limit_;
  captured output_;
  captured errors_;
  stream_descriptor exit_;
  asio::steady_timer done_;
  pid_t pid_ = 0;
  bool is_reaped_ = false;
  bool is_finished_ = false;
  std::optional<result<process_output>> outcome_;
};

/// Kills the program when the coroutine that waits for it goes away.
class leash {
 public:
  explicit leash(std::shared_ptr<child> held) : held_(std::move(held)) {}
  leash(const leash&) = delete;
  leash& operator=(const leash&) = delete;
  ~leash() { held_->kill(); }
  child* operator->() const { return held_.get(); }

 private:
  std::shared_ptr<child> held_;
};

result<void> check(const process_request& request) {
  if (request.argv.empty() || request.argv.front().empty())
    return fail(error_code::invalid_input, "no program was given");
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (std::ranges::any_of(request.argv, has_nul) || std::ranges::any_of(request.environment, has_nul))
    return fail(error_code::invalid_input,
                fmt::format("an argument or variable for {} has a NUL character", quoted(request.argv.front())));
  return {};
}

class machine_process_runner final : public process_runner {
 public:
  awaitable<result<process_output>> run(process_request request, deadline d) override {
    if (auto checked = check(request); !checked) co_return fail(std::move(checked.error()));
    const auto executor = co_await asio::this_coro::executor;
    const leash running(std::make_shared<child>(executor, request));
    if (auto started = running->start(request); !started) co_return fail(std::move(started.error()));

    running->done().expires_at(d.time());
    boost::system::error_code ignored;
    co_await running->done().async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (auto outcome = running->take_outcome()) co_return *std::move(outcome);
    const std::string program = quoted(request.argv.front());
    if (d.has_passed(machine_clock().now()))
      co_return fail(error_code::timed_out, fmt::format("{} did not end in time and was killed", program));
    co_return fail(error_code::canceled, fmt::format("{} was killed: no longer needed", program));
  }
};

}  // namespace

process_runner& machine_processes() {
  static machine_process_runner runner;
  return runner;
}

}  // namespace pinhook
