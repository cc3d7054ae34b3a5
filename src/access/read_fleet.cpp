#include <pinhook/access/read_fleet.hpp>

#include <pinhook/access/fleet_kinds.hpp>
#include <pinhook/fleet/object.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/server/task_group.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace pinhook::access {
namespace {

// Objects that cannot be read and are named; an API server that sends only such ones makes no endless list.
constexpr std::size_t max_object_troubles = 100;

struct list_job {
  const fleet_kind* kind = nullptr;
  std::string ns;
};

// One reading; it lives in the frame of read_fleet.
class cluster_reading {
 public:
  cluster_reading(kube::api_connection& to, asio::io_context::executor_type on, fleet_question question, deadline d)
      : to_(to),
        on_(std::move(on)),
        question_(std::move(question)),
        limit_(d),
        paths_(question_.kinds),
        builder_(question_.selector) {}

  awaitable<result<fleet_reading>> run() {
    co_await read_namespaces();
    kinds_ = built_in_fleet_kinds();
    if (!stop_) co_await find_custom_kinds();
    make_jobs();
    server::task_group workers(on_);
    for (std::size_t i = 0; i < std::max<std::size_t>(question_.at_once, 1); ++i) workers.spawn(work());
    co_await workers.wait();
    if (stop_) co_return fail(std::move(*stop_));
    out_.state = std::move(builder_).finish();
    for (const fleet_kind& one : kinds_) out_.state.versions.emplace(one.group, one.version);
    co_return std::move(out_);
  }

 private:
  // Without rights to a part the rest is read; any other failure is one of the whole.
  void note(std::string ns, std::string resource, error e) {
    if (e.code == error_code::denied)
      out_.troubles.push_back({std::move(ns), std::move(resource), std::move(e)});
    else if (!stop_)
      stop_ = std::move(e);
  }

  void note_object(const std::string& ns, error e) {
    e.message =
        fmt::format("{}{} cannot be read: {}", ns.empty() ? "" : "namespace " + ns + ": ", "an object", e.message);
    if (object_troubles_++ < max_object_troubles) out_.troubles.push_back({ns, {}, std::move(e)});
  }

  awaitable<void> read_namespaces() {
    if (question_.namespaces.empty()) {
      kube::listed_resource all{.resource = "namespaces"};
      std::vector<fleet::namespace_object> found;
      kube::object_sink sink{[&](std::string_view text) { return take_namespace(text, found); },
                             [&] { found.clear(); }};
      auto done = co_await kube::list_objects(to_, std::move(all), std::move(sink), question_.lists, limit_);
      if (!done) note({}, "namespaces", std::move(done.error()));
      for (auto& one : found) builder_.take(std::move(one));
      co_return;
    }
    for (std::size_t i = 0; i < question_.namespaces.size() && !stop_; ++i) {
      const std::string name = question_.namespaces[i];
      kube::request_attributes about{.verb = "get", .resource = "namespaces", .ns = {}, .name = name};
      about.is_cluster_wide = true;
      kube::api_call call{.attributes = about};
      auto answer = co_await to_.ask(std::move(call), limit_);
      auto read = kube::read_answer(std::move(answer), about, fleet::read_namespace);
      if (read) {
        builder_.take(std::move(*read));
        continue;
      }
      builder_.take_unread_namespace(name);
      if (read.error().code == error_code::not_found) read.error().code = error_code::invalid_input;
      note(name, "namespaces", std::move(read.error()));
    }
  }

  static result<void> take_namespace(std::string_view text, std::vector<fleet::namespace_object>& to) {
    auto read = fleet::read_namespace(text);
    if (!read) return fail(std::move(read.error()));
    to.push_back(std::move(*read));
    return {};
  }

  awaitable<void> find_custom_kinds() {
    auto found = co_await find_custom_fleet_kinds(to_, question_.kinds, limit_);
    kinds_.insert(kinds_.end(), found.kinds.begin(), found.kinds.end());
    for (auto& one : found.troubles) note({}, std::move(one.place), std::move(one.reason));
  }

  void make_jobs() {
    std::vector<std::string> namespaces = question_.namespaces;
    if (namespaces.empty()) namespaces.emplace_back();
    // Pods take longest, so they are first.
    for (const bool is_pod : {true, false})
      for (const std::string& ns : namespaces)
        for (const fleet_kind& kind : kinds_)
          if (kind.is_pod() == is_pod) jobs_.push_back({&kind, ns});
  }

  awaitable<void> work() {
    while (next_ < jobs_.size() && !stop_) {
      const list_job& job = jobs_[next_++];
      if (job.kind->is_pod())
        co_await read_list<fleet::pod>(job, fleet::read_pod);
      else
        co_await read_list<fleet::object>(job, fleet::read_object);
      ++done_;
      tell();
    }
  }

  template <class T>
  awaitable<void> read_list(const list_job& job, result<T> (*read)(std::string_view, const fleet::listed_kind&,
                                                                   const fleet::read_options&)) {
    const fleet_kind& kind = *job.kind;
    const fleet::listed_kind listed{kind.group, kind.kind, paths_.of(kind.group, kind.kind)};
    const fleet::read_options options{.has_labels = !question_.selector.is_empty()};
    std::vector<T> found;
    std::vector<error> bad;
    kube::object_sink sink;
    sink.take = [&](std::string_view text) -> result<void> {
      auto one = read(text, listed, options);
      if (one)
        found.push_back(std::move(*one));
      else
        bad.push_back(std::move(one.error()));
      if (++objects_ % progress_step == 0) tell();
      return {};
    };
    sink.restart = [&] {
      found.clear();
      bad.clear();
    };
    kube::listed_resource which{kind.group, kind.version, kind.resource, job.ns};
    auto done = co_await kube::list_objects(to_, std::move(which), std::move(sink), question_.lists, limit_);
    if (!done) {
      note(job.ns, kind.resource_name(), std::move(done.error()));
      co_return;
    }
    for (T& one : found) builder_.take(std::move(one));
    for (error& one : bad) note_object(job.ns, std::move(one));
  }

  void tell() {
    if (question_.on_progress) question_.on_progress(done_, jobs_.size(), objects_);
  }

  static constexpr std::size_t progress_step = 500;

  kube::api_connection& to_;
  const asio::io_context::executor_type on_;
  const fleet_question question_;
  const deadline limit_;
  const pin::pod_paths paths_;
  fleet::state_builder builder_;
  std::vector<fleet_kind> kinds_;
  std::vector<list_job> jobs_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  std::size_t objects_ = 0;
  std::size_t object_troubles_ = 0;
  std::optional<error> stop_;
  fleet_reading out_;
};

}  // namespace

awaitable<result<fleet_reading>> read_fleet(kube::api_connection& to, asio::io_context::executor_type on,
                                            fleet_question question, deadline d) {
  cluster_reading all(to, std::move(on), std::move(question), d);
  auto out = co_await all.run();
  co_return out;
}

std::vector<std::string> trouble_lines(const std::vector<fleet_trouble>& troubles) {
  std::vector<std::string> out;
  // By namespace: where in `out` its first refusal is.
  std::map<std::string, std::size_t, std::less<>> denied;
  std::map<std::string, std::string, std::less<>> others;
  for (const fleet_trouble& one : troubles) {
    const bool is_refusal = one.reason.code == error_code::denied && !one.resource.empty();
    if (is_refusal && denied.contains(one.ns)) {
      auto& names = others[one.ns];
      names += (names.empty() ? "" : ", ") + one.resource;
      continue;
    }
    if (is_refusal) denied.emplace(one.ns, out.size());
    out.push_back(one.reason.message);
  }
  for (const auto& [ns, names] : others) out[denied.at(ns)] += fmt::format("; the same for {}", names);
  return out;
}

}  // namespace pinhook::access
