#include "e2e/load.hpp"
#include "support/https_client.hpp"

#include <pinhook/base/json.hpp>

#include <fmt/core.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <ostream>
#include <thread>
#include <vector>

namespace pinhook::e2e {
namespace {

using clock = std::chrono::steady_clock;

std::string text_at(const json::document& d, const char* pointer) {
  const auto* found = rapidjson::Pointer(pointer).Get(d);
  return found != nullptr && found->IsString() ? std::string(json::text_of(*found)) : "";
}

std::string create_request(const control_plane& plane, const load_options& o) {
  const std::string body = fmt::format(
      R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"generateName":"load-"}},)"
      R"("spec":{{"selector":{{"matchLabels":{{"app":"load"}}}},"template":{{"metadata":{{"labels":{{"app":"load"}}}},)"
      R"("spec":{{"containers":[{{"name":"web","image":"{}"}}]}}}}}}}})",
      o.image);
  return fmt::format(
      "POST /apis/apps/v1/namespaces/{}/deployments?dryRun=All HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
      "{}\r\n"
      "Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      o.ns, plane.token(), body.size(), body);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const load_report& r) {
  return out << fmt::format("{} pinned, {} unpinned, {} refused, {} unanswered, the slowest after {} ms{}", r.pinned,
                            r.unpinned, r.refused, r.unanswered, r.slowest.count(),
                            r.first_refusal.empty() ? "" : "; first refusal: " + r.first_refusal);
}

struct load::state {
  state(const control_plane& plane, const load_options& o)
      : port(plane.port()), request(create_request(plane, o)), pause(o.pause) {}

  void run() {
    std::optional<testing::https_client> connection;
    for (std::unique_lock lock(mutex); !ends;) {
      lock.unlock();
      const auto begun = clock::now();
      // The API server sends its clients to new connections now and then.
      if (!connection || !connection->is_open()) connection.emplace(port);
      const auto r = connection->ask(request);
      if (!r || r->header("connection") == "close") connection.reset();
      lock.lock();
      count(r, std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begun));
      changed.notify_all();
      changed.wait_for(lock, pause, [&] { return ends; });
    }
  }

  void count(const std::optional<testing::received_response>& r, std::chrono::milliseconds took) {
    ++answers;
    report.slowest = std::max(report.slowest, took);
    if (!r) {
      ++report.unanswered;
      return;
    }
    const auto document = json::parse(r->body);
    if (r->status == 201 && document) {
      const auto image = text_at(*document, "/spec/template/spec/containers/0/image");
      ++(image.find("@sha256:") != std::string::npos ? report.pinned : report.unpinned);
      return;
    }
    if (report.refused++ == 0)
      report.first_refusal = fmt::format("{} {}", r->status, document ? text_at(*document, "/message") : r->body);
  }

  const std::uint16_t port;
  const std::string request;
  const std::chrono::milliseconds pause;
  mutable std::mutex mutex;
  std::condition_variable changed;
  bool ends = false;
  int answers = 0;
  load_report report;
  std::vector<std::thread> clients;
};

load::load(const control_plane& plane, load_options o) : state_(std::make_unique<state>(plane, o)) {
  for (int i = 0; i < o.clients; ++i) state_->clients.emplace_back([&s = *state_] { s.run(); });
}

load::~load() { stop(); }

load_report load::so_far() const {
  const std::lock_guard lock(state_->mutex);
  return state_->report;
}

bool load::wait_for_more(int count, std::chrono::seconds within) {
  std::unique_lock lock(state_->mutex);
  const int wanted = state_->answers + count;
  return state_->changed.wait_for(lock, within, [&] { return state_->answers >= wanted; });
}

load_report load::take() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->report, {});
}

load_report load::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ends = true;
  }
  state_->changed.notify_all();
  for (auto& one : state_->clients)
    if (one.joinable()) one.join();
  return state_->report;
}

}  // namespace pinhook::e2e
