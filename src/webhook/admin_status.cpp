#include <pinhook/webhook/admin_status.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/base/side_thread.hpp>

#include <utility>
#include <vector>

namespace pinhook::webhook {
namespace {

const std::vector<server::route> routes{
    {"GET", "/livez", "", 0},
    {"GET", "/readyz", "", 1},
    {"GET", "/metrics", "", 2},
};

server::response metrics_page(server::metrics& numbers) {
  server::response out;
  out.content_type = std::string(server::metrics::content_type);
  out.body = numbers.render();
  return out;
}

}  // namespace

server::endpoint admin_status::endpoint() {
  return {.routes = routes,
          .handlers = {[this](server::request) -> awaitable<server::response> {
                         co_return state_.livez(overdue_reads(time_.now()));
                       },
                       [this](server::request r) -> awaitable<server::response> {
                         co_return state_.readyz(r.has_query("verbose"));
                       },
                       [this](server::request) -> awaitable<server::response> {
                         numbers_.set_stalled_read("look-ups", overdue_reads(time_.now()) != 0);
                         co_return metrics_page(numbers_);
                       }}};
}

std::function<void(bool)> admin_status::on_stall(std::string files) {
  return [this, files = std::move(files)](bool is_stalled) {
    state_.set_stalled(files, is_stalled);
    numbers_.set_stalled_read(files, is_stalled);
    if (is_stalled)
      log::error("reading files does not come back: their volume hangs; what was read before stays in use",
                 {{"files", files}, {"after_seconds", read_limit.count()}});
    else
      log::info("reading files came back", {{"files", files}});
  };
}

}  // namespace pinhook::webhook
