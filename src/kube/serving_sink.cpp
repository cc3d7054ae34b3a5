#include <pinhook/kube/serving_sink.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr std::chrono::nanoseconds first_backoff = std::chrono::seconds(1);
constexpr double jitter = 0.1;

awaitable<void> wait_on_timer(std::chrono::nanoseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(span);
  co_await timer.async_wait(asio::use_awaitable);
}

std::function<double()> machine_random() {
  auto engine = std::make_shared<std::minstd_rand>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

}  // namespace

void sink_once::judge(const std::optional<std::string>& distrust) {
  if (judged_ && distrust == distrust_) return;
  judged_ = true;
  distrust_ = distrust;
  if (distrust)
    to_.not_trusted(*distrust);
  else
    to_.trusted();
}

void sink_once::failed(const error& e) {
  if (failure_ && failure_->code == e.code && failure_->message == e.message) return;
  failure_ = e;
  to_.failed(e);
}

void sink_once::unchecked(const std::string& reason) {
  if (unchecked_ == reason) return;
  unchecked_ = reason;
  to_.unchecked(reason);
}

std::chrono::nanoseconds look_pace::next(bool went_well, double random) {
  if (went_well)
    backoff_ = std::chrono::nanoseconds(0);
  else
    backoff_ = std::min(backoff_.count() == 0 ? first_backoff : backoff_ * 2, interval_);
  const auto span = static_cast<double>((went_well ? interval_ : backoff_).count());
  return std::chrono::nanoseconds(
      static_cast<std::chrono::nanoseconds::rep>(span * (1 - jitter + 2 * jitter * random)));
}

serving_seams serving_seams::filled() && {
  if (!sleep) sleep = wait_on_timer;
  if (!random) random = machine_random();
  return std::move(*this);
}

}  // namespace pinhook::kube
