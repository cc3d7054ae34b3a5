#include <pinhook/kube/namespace_labels.hpp>

#include <pinhook/kube/names.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pinhook::kube {
namespace {

// As in the namespaceSelectors of the webhook configuration (docs/pinning.md).
constexpr std::string_view opt_in_label = "pinhook.dev/pin";
constexpr auto modes = std::to_array<std::string_view>({"enforce", "best-effort", "audit"});

bool has_opted_in(const namespace_object& ns) {
  const auto label = ns.labels.find(opt_in_label);
  return label != ns.labels.end() && std::ranges::find(modes, label->second) != modes.end();
}

result<label_event> event_of(const result<namespace_object>& read) {
  if (read) return has_opted_in(*read) ? label_event::opted_in : label_event::not_labelled;
  if (read.error().code == error_code::not_found) return label_event::not_found;
  if (read.error().code == error_code::denied) return label_event::not_allowed;
  return fail(read.error());
}

error withheld(std::string_view ns, std::string_view reason) {
  return {error_code::denied, fmt::format("no credentials are used for namespace {}, {}", ns, reason), std::nullopt};
}

awaitable<result<fetch_cache<label_event>::fetched>> read_labels(std::shared_ptr<api> from, std::string ns,
                                                                 const clock& time, namespace_labels_options o,
                                                                 deadline d) {
  auto read = co_await from->get_namespace(std::move(ns), d);
  auto event = event_of(read);
  if (o.on_read) o.on_read(event.value_or(label_event::failed));
  if (!event) co_return fail(std::move(event.error()));
  const bool is_good = *event == label_event::opted_in;
  const steady_time now = time.now();
  const steady_time renew_at = is_good ? now + o.ttl * 2 / 3 : steady_time::max();
  co_return fetch_cache<label_event>::fetched{*event, now + (is_good ? o.ttl : o.retry_after), renew_at};
}

}  // namespace

namespace_labels::namespace_labels(std::shared_ptr<api> from, asio::any_io_executor on, const clock& time,
                                   namespace_labels_options options)
    : api_(std::move(from)),
      time_(time),
      options_(std::move(options)),
      held_(std::move(on), time, {.fetch_limit = options_.read_limit, .hold_failure = options_.retry_after}) {}

namespace_labels::cache::fetch namespace_labels::reader_of(const std::string& ns) const {
  return [from = api_, ns, &time = time_, o = options_](deadline d) { return read_labels(from, ns, time, o, d); };
}

awaitable<std::optional<error>> namespace_labels::refusal_of(std::string ns, deadline d) {
  if (!is_checked()) co_return std::nullopt;
  if (!is_namespace_name(ns)) co_return withheld("of that name", "which is no valid name");
  cache::fetch reader = reader_of(ns);
  std::string key = ns;
  auto found = co_await held_.get(std::move(key), std::move(reader), d);
  if (!found) co_return std::move(found.error());
  switch (*found) {
    case label_event::not_found:
      co_return withheld(ns, "which does not exist");
    case label_event::not_labelled:
      co_return withheld(ns, fmt::format("which has no label {} with a mode", opt_in_label));
    case label_event::not_allowed:
      if (options_.check == label_check::always)
        co_return withheld(ns, "since pinhook may not read it (RBAC: get namespaces)");
      co_return std::nullopt;
    default:
      co_return std::nullopt;
  }
}

}  // namespace pinhook::kube
