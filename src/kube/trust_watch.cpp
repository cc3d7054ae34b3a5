#include <pinhook/kube/trust_watch.hpp>

#include <pinhook/base/x509_certificate.hpp>
#include <pinhook/kube/caller_trust.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::kube {

trust_watch::trust_watch(serving_api& api, const clock& time, trust_watch_options options, chain served,
                         serving_sink& to, wait_seams seams)
    : api_(api),
      time_(time),
      options_(std::move(options)),
      served_(std::move(served)),
      seams_(std::move(seams)),
      to_(to) {}

awaitable<void> trust_watch::keep() {
  look_pace pace(options_.check_interval);
  for (;;) {
    const bool went_well = co_await look();
    const auto span = pace.next(went_well, seams_.random());
    co_await seams_.sleep(span);
  }
}

awaitable<bool> trust_watch::look() {
  std::string configuration = options_.configuration;
  const auto limit = deadline::after(time_.now(), options_.request_limit);
  auto found = co_await api_.get_registration(std::move(configuration), limit);
  if (found) {
    to_.went_well();
    judge(*found);
    co_return true;
  }
  const error& e = found.error();
  if (is_temporary(e.code)) {
    to_.failed(e);
    if (!to_.was_judged()) to_.judge(e.message);
    co_return false;
  }
  // A retry soon would give the same error.
  to_.unchecked(e.message);
  to_.judge(std::nullopt);
  co_return true;
}

void trust_watch::judge(const webhook_registration& found) {
  const auto shown = parse_bundle(served_()).certificates;
  auto entries = read_bundles(found.webhooks);
  const auto empty = std::ranges::find_if(entries, [](const auto& one) { return one.is_empty; });
  if (empty != entries.end())
    to_.unchecked(
        fmt::format("webhook {} has no caBundle: the API servers judge by their system's roots", quoted(empty->name)));
  else
    to_.was_checked();
  std::erase_if(entries, [](const auto& one) { return one.is_empty; });
  to_.judge(distrust_of(shown, entries, time_.wall()));
}

}  // namespace pinhook::kube
