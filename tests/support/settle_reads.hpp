// Runs the handlers that are ready on an io_context, and those that reads of files on other threads make ready.
#pragma once

#include <pinhook/base/side_thread.hpp>

#include <boost/asio/io_context.hpp>

#include <thread>

namespace pinhook::testing {

/// Until no read is under way and nothing is ready. A read posts its end before its thread counts as gone, so the
/// threads are counted first.
inline void settle_reads(boost::asio::io_context& io) {
  for (;;) {
    const bool reads = side_threads() != 0;
    io.restart();
    if (io.poll() == 0 && !reads) return;
    std::this_thread::yield();
  }
}

}  // namespace pinhook::testing
