// Sets the calendar of a running program and leaves its other clocks alone, as `date -s` does to a machine. The program
// is started with LD_PRELOAD of this library and TEST_CALENDAR, the path of a file of eight bytes: the seconds
// to add, which a test may write at any time.
//
// libfaketime (0.9.10) cannot do this: it adds its offset to absolute timers of CLOCK_MONOTONIC, too, even with
// FAKETIME_DONT_FAKE_MONOTONIC, and Asio sets such a timer for "at once" (epoll_reactor::get_timeout).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

// Mapped once, by whichever thread is first; a second mapping of the same file does no harm.
std::int64_t seconds_to_add() {
  static std::atomic<const volatile std::int64_t*> shared{nullptr};
  const volatile std::int64_t* at = shared.load();
  if (at == nullptr) {
    const char* file = std::getenv("TEST_CALENDAR");
    const int fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    void* mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    if (mapped == MAP_FAILED) return 0;
    at = static_cast<const volatile std::int64_t*>(mapped);
    shared = at;
  }
  return *at;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t id, timespec* out) noexcept {
  const long done = ::syscall(SYS_clock_gettime, id, out);
  if (done == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) out->tv_sec += seconds_to_add();
  return static_cast<int>(done);
}

int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
