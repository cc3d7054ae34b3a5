#include <pinhook/kube/serving_sink.hpp>

#include <algorithm>

namespace pinhook::kube {
namespace {

constexpr std::chrono::nanoseconds first_backoff = std::chrono::seconds(1);
constexpr double jitter = 0.1;

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

}  // namespace pinhook::kube
