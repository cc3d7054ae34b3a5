#!/usr/bin/env bash
# libfaketime 0.9.10 (Debian 12: libfaketime 0.9.10-2.1), src/libfaketime.c, timer_settime_common, behind timerfd_settime and
# timer_settime. https://github.com/wolfcw/libfaketime/tree/v0.9.10
#
# Surprise: FAKETIME_DONT_FAKE_MONOTONIC=1 is documented to leave CLOCK_MONOTONIC alone, and clock_gettime(CLOCK_MONOTONIC) is
# left alone; but an absolute timer (TFD_TIMER_ABSTIME) of that clock is shifted by the offset of the calendar all the same.
# With a calendar set back by 3 h a timer for "in 100 ms" fires in 3 h, and one for a moment that has passed fires 3 h after the
# boot of the machine: at once on one that has been up for longer, in hours on one that has not. With a calendar set forward
# the call fails with EINVAL for a moment that has passed.
#
# Boost.Asio sets just that timer (1 ns after boot) for "at once" (boost/asio/detail/impl/epoll_reactor.ipp, get_timeout), so a
# program on Asio stands still under `faketime -f -24h` with FAKETIME_DONT_FAKE_MONOTONIC=1, and looks as if its waits depended
# on the calendar. A test that sets the calendar has to replace clock_gettime, gettimeofday and time alone.
#
# The script fetches the Debian package into a temporary folder and sets the timer without and with it. It ends with 1 when
# what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for tool in gcc apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
apt-get download -qq libfaketime >/dev/null 2>&1 || { echo "libfaketime cannot be downloaded: run apt-get update first" >&2; exit 2; }
echo "libfaketime $(dpkg-deb -f libfaketime_*.deb Version)"
dpkg-deb -x libfaketime_*.deb package
library=$(find "$PWD/package" -name libfaketimeMT.so.1)

cat >timer.c <<'C'
#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>

/* The seconds, rounded, until a timer for 100 ms from now by CLOCK_MONOTONIC fires. */
int main(void) {
  struct itimerspec when = {{0, 0}, {0, 0}}, left;
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  clock_gettime(CLOCK_MONOTONIC, &when.it_value);
  when.it_value.tv_nsec += 100000000;
  if (when.it_value.tv_nsec >= 1000000000) {
    when.it_value.tv_nsec -= 1000000000;
    ++when.it_value.tv_sec;
  }
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) != 0) return puts("refused"), 0;
  timerfd_gettime(fd, &left);
  printf("%ld\n", (long)left.it_value.tv_sec);
  return 0;
}
C
gcc -O1 timer.c -o timer

plain=$(./timer)
back=$(LD_PRELOAD=$library FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME=-3h ./timer)
echo "a timer of CLOCK_MONOTONIC for 100 ms from now fires in whole seconds: $plain"
echo "the same with the calendar three hours back:                          $back"
[ "$plain" = 0 ] || { echo "changed: the timer without libfaketime" >&2; exit 1; }
# A busy machine takes a moment between the two calls.
[[ "$back" =~ ^[0-9]+$ ]] && [ "$back" -ge 10790 ] && [ "$back" -le 10801 ] || { echo "changed: the timer with libfaketime" >&2; exit 1; }
echo "seen as described"
