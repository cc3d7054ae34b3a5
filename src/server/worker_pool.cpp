#include <pinhook/server/worker_pool.hpp>

#include <pinhook/base/blocked_signals.hpp>

#include <fmt/core.h>
#include <pthread.h>

#include <string>

namespace pinhook::server {

worker_pool::worker_pool(std::size_t threads, std::string_view name) {
  const blocked_signals guard;
  for (std::size_t i = 0; i < threads; ++i) {
    auto& w = *workers_.emplace_back(std::make_unique<worker>());
    w.thread = std::thread([&io = w.io] { io.run(); });
    const std::string own_name = fmt::format("{}-{}", name, i).substr(0, 15);
    pthread_setname_np(w.thread.native_handle(), own_name.c_str());
  }
}

worker_pool::~worker_pool() { stop(); }

std::vector<boost::asio::io_context*> worker_pool::contexts() {
  std::vector<boost::asio::io_context*> out;
  for (auto& w : workers_) out.push_back(&w->io);
  return out;
}

void worker_pool::stop() {
  for (auto& w : workers_) w->stay.reset();
  for (auto& w : workers_)
    if (w->thread.joinable()) w->thread.join();
}

}  // namespace pinhook::server
