#include <pinhook/console/cluster_feed.hpp>

#include <pinhook/base/deadline.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/console/is_canceled.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pinhook::console {
namespace {

// Kinds that are installed later are found after this time.
constexpr std::chrono::minutes discovery_interval{10};
constexpr std::chrono::seconds discovery_retry{5};
constexpr std::chrono::seconds discovery_limit{30};
// Namespaces that are read by name, since a right to one of them is seldom a right to watch it. A changed label is seen
// after this time.
constexpr std::chrono::milliseconds namespace_interval{1'500};
constexpr std::chrono::seconds namespace_limit{10};

access::fleet_kind namespaces_kind() { return {"", "v1", "Namespace", "namespaces"}; }

result<std::string> whole_text(std::string_view body) { return std::string(body); }

}  // namespace

void cluster_feed::start(server::task_group& tasks) {
  tasks_ = &tasks;
  if (options_.namespaces.empty())
    watch(namespaces_kind(), {});
  else
    tasks.spawn(keep_namespaces());
  for (const auto& one : access::built_in_fleet_kinds()) watch_everywhere(one);
  tasks.spawn(find_kinds());
}

void cluster_feed::watch_everywhere(const access::fleet_kind& kind) {
  if (options_.namespaces.empty()) return watch(kind, {});
  for (const std::string& ns : options_.namespaces) watch(kind, ns);
}

void cluster_feed::watch(access::fleet_kind kind, const std::string& ns) {
  std::string name = kind.resource_name();
  if (!ns.empty()) name += " of namespace " + ns;
  if (!names_.insert(name).second) return;
  kube::listed_resource which{kind.group, kind.version, kind.resource, ns};
  watched& one = lists_.emplace_back(into_.add_list(std::move(kind), ns), ns);
  kube::watch_sink sink;
  sink.begin = [&one] { one.list.begin(); };
  sink.take = [&one](std::string_view object) { one.list.take(object); };
  sink.remove = [&one](std::string_view object) { one.list.remove(object); };
  sink.finish = [&one] { one.list.finish(); };
  sink.on_trouble = [this, &one, name](const std::optional<error>& e) { note(one, name, e); };
  tasks_->spawn(kube::keep_watch(to_, std::move(which), std::move(sink), options_.watches, time_, options_.seams));
}

void cluster_feed::note(watched& one, const std::string& name, const std::optional<error>& e) {
  const bool is_news = e.has_value() != one.failure.has_value();
  one.failure = e;
  if (!e)
    one.since.reset();
  else if (!one.since)
    one.since = time_.wall();
  if (is_news && e) log::warning("a list of the cluster is not current", {{"list", name}, {"reason", e->message}});
  if (is_news && !e) log::info("a list of the cluster is current again", {{"list", name}});
}

// The kinds of the cluster, at the start and for those that are installed later.
awaitable<void> cluster_feed::find_kinds() {
  for (;;) {
    auto found =
        co_await access::find_custom_fleet_kinds(to_, options_.kinds, deadline::after(time_.now(), discovery_limit));
    const bool ends = co_await is_canceled();
    if (ends) co_return;
    for (const auto& one : found.kinds) watch_everywhere(one);
    discovery_troubles_.clear();
    for (const auto& one : found.troubles) discovery_troubles_.push_back(one.reason.message);
    is_discovered_ = is_discovered_ || found.troubles.empty() || !found.kinds.empty();
    co_await options_.seams.sleep(found.troubles.empty() ? std::chrono::nanoseconds(discovery_interval)
                                                         : std::chrono::nanoseconds(discovery_retry));
    const bool stops = co_await is_canceled();
    if (stops) co_return;
  }
}

// The namespaces that were named, one after the other and again.
awaitable<void> cluster_feed::keep_namespaces() {
  watched& one = lists_.emplace_back(into_.add_list(namespaces_kind(), {}));
  for (;;) {
    std::optional<error> failure;
    std::vector<trouble> missing;
    for (const std::string& name : options_.namespaces) {
      auto failed = co_await read_namespace(one.list, name);
      const bool ends = co_await is_canceled();
      if (ends) co_return;
      if (!failed) continue;
      if (failed->code == error_code::not_found)
        missing.push_back({name, fmt::format("namespace {} not found: --namespace names it", name)});
      else if (!failure) {
        failure = std::move(failed);
        one.ns = name;
      }
    }
    missing_ = std::move(missing);
    if (!failure) one.list.finish();
    if (failure || one.failure) note(one, "namespaces", failure);
    co_await options_.seams.sleep(namespace_interval);
    const bool stops = co_await is_canceled();
    if (stops) co_return;
  }
}

awaitable<std::optional<error>> cluster_feed::read_namespace(cluster_cache::list& into, std::string name) {
  kube::request_attributes about{.verb = "get", .resource = "namespaces", .ns = {}, .name = name};
  about.is_cluster_wide = true;
  kube::api_call call{.attributes = about};
  auto answer = co_await to_.ask(std::move(call), deadline::after(time_.now(), namespace_limit));
  const auto text = kube::read_answer(std::move(answer), about, whole_text);
  std::optional<error> out;
  if (text) {
    into.take(*text);
    co_return out;
  }
  out = text.error();
  if (out->code == error_code::not_found) into.remove(fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name));
  co_return out;
}

std::optional<access::fleet_kind> cluster_feed::find_kind(std::string_view group, std::string_view kind) const {
  const auto found = std::ranges::find_if(
      lists_, [&](const watched& one) { return one.list.kind().group == group && one.list.kind().kind == kind; });
  return found == lists_.end() ? std::nullopt : std::optional(found->list.kind());
}

std::vector<trouble> cluster_feed::troubles() const {
  std::vector<trouble> out = missing_;
  for (const auto& one : discovery_troubles_) out.push_back({{}, one});
  for (const watched& one : lists_)
    if (one.failure) out.push_back({one.ns, one.failure->message});
  return out;
}

std::optional<wall_time> cluster_feed::behind_since() const {
  std::optional<wall_time> out;
  for (const watched& one : lists_)
    if (one.failure && !one.is_denied() && (!out || *one.since < *out)) out = one.since;
  return out;
}

bool cluster_feed::is_settled() const {
  return is_discovered_ &&
         std::ranges::all_of(lists_, [](const watched& one) { return one.list.has_finished() || one.is_denied(); });
}

bool cluster_feed::is_whole() const {
  return std::ranges::none_of(lists_, [](const watched& one) { return one.is_denied(); });
}

}  // namespace pinhook::console
