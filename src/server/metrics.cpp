#include <pinhook/server/metrics.hpp>

#include <pinhook/base/printable.hpp>
#include <pinhook/server/metric_labels.hpp>
#include <pinhook/server/process_usage.hpp>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

namespace pinhook::server {
namespace {

using labels = std::map<std::string, std::string>;

constexpr const metric_info& info(metric m) { return metric_table[static_cast<std::size_t>(m)]; }

const prometheus::Histogram::BucketBoundaries durations{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

// Counters of a family by position, made at first use: a series that never counted is not shown.
template <std::size_t Size>
class counter_array {
 public:
  explicit counter_array(prometheus::Family<prometheus::Counter>& family) : family_(family) {}

  template <class Labels>
  void increment(std::size_t at, const Labels& make_labels) {
    prometheus::Counter* c = cells_[at].load(std::memory_order_acquire);
    if (c == nullptr) {
      // Add gives the same counter for the same labels, so two threads here at once agree.
      c = &family_.Add(make_labels());
      cells_[at].store(c, std::memory_order_release);
    }
    c->Increment();
  }

 private:
  prometheus::Family<prometheus::Counter>& family_;
  std::array<std::atomic<prometheus::Counter*>, Size> cells_{};
};

// The counters of findings: a table of fixed size with open addressing, whose cells are never emptied. Finding a
// counter takes no lock; making one does.
class finding_counters {
 public:
  explicit finding_counters(prometheus::Family<prometheus::Counter>& family) : family_(family) {}

  void increment(std::string_view rule, std::string_view action, std::string_view ns) {
    entry* e = find_or_make({rule, action, ns}, metrics::finding_limit);
    if (e == nullptr) e = find_or_make({rule, action, rest}, metrics::finding_limit * 3 / 2);
    // One more for each action.
    if (e == nullptr) e = find_or_make({rest, action, rest}, table_size);
    e->counter->Increment();
  }

 private:
  static constexpr std::string_view rest = "other";
  // Never more than half full, so a search ends soon.
  static constexpr std::size_t table_size = 4096;
  static_assert(metrics::finding_limit * 3 / 2 + label::actions.size() < table_size / 2);

  struct key {
    std::string_view rule, action, ns;
    friend bool operator==(const key&, const key&) = default;
    [[nodiscard]] std::size_t hash() const {
      const std::hash<std::string_view> of;
      return (of(rule) * 31 + of(action)) * 31 + of(ns);
    }
  };
  struct entry {
    std::string rule, action, ns;
    prometheus::Counter* counter;
    [[nodiscard]] bool is(const key& k) const { return k == key{rule, action, ns}; }
  };

  // The cell of that key, or the empty one where it belongs.
  std::atomic<entry*>& cell_of(const key& k) {
    for (std::size_t at = k.hash() % table_size;; at = (at + 1) % table_size) {
      const entry* e = cells_[at].load(std::memory_order_acquire);
      if (e == nullptr || e->is(k)) return cells_[at];
    }
  }

  // Null: it does not exist, and there are `limit` already.
  entry* find_or_make(const key& k, std::size_t limit) {
    if (entry* e = cell_of(k).load(std::memory_order_acquire); e != nullptr) return e;
    const std::lock_guard lock(mutex_);
    auto& cell = cell_of(k);
    if (entry* e = cell.load(std::memory_order_acquire); e != nullptr) return e;
    if (entries_.size() >= limit) return nullptr;
    entry made{std::string(k.rule), std::string(k.action), std::string(k.ns), nullptr};
    made.counter = &family_.Add({{"rule", made.rule}, {"action", made.action}, {"namespace", made.ns}});
    entries_.push_back(std::move(made));
    cell.store(&entries_.back(), std::memory_order_release);
    return &entries_.back();
  }

  prometheus::Family<prometheus::Counter>& family_;
  std::array<std::atomic<entry*>, table_size> cells_{};
  std::mutex mutex_;
  std::deque<entry> entries_;
};

}  // namespace

std::string_view to_string(metric_type t) noexcept {
  constexpr auto type_names = std::to_array<std::string_view>({"counter", "gauge", "histogram"});
  return type_names[static_cast<std::size_t>(t)];
}

struct metrics::state {
  class listener_counters;

  prometheus::Registry registry;

  prometheus::Family<prometheus::Counter>& counters(metric m) {
    return prometheus::BuildCounter()
        .Name(std::string(info(m).name))
        .Help(std::string(info(m).help))
        .Register(registry);
  }
  prometheus::Family<prometheus::Gauge>& gauges(metric m) {
    return prometheus::BuildGauge().Name(std::string(info(m).name)).Help(std::string(info(m).help)).Register(registry);
  }
  prometheus::Family<prometheus::Histogram>& histograms(metric m) {
    return prometheus::BuildHistogram()
        .Name(std::string(info(m).name))
        .Help(std::string(info(m).help))
        .Register(registry);
  }
  // failure, success
  std::array<prometheus::Counter*, 2> results(metric m) {
    auto& family = counters(m);
    return {&family.Add({{"result", "failure"}}), &family.Add({{"result", "success"}})};
  }

  counter_array<label::modes.size() * label::kinds.size() * label::outcomes.size() * 2> admissions{
      counters(metric::admissions)};
  std::array<prometheus::Histogram*, label::modes.size()> admission_durations{};
  counter_array<label::slot_outcomes.size() * label::sources.size()> slots{counters(metric::slots)};
  counter_array<label::lookups.size()> cache_lookups{counters(metric::cache_lookups)};
  prometheus::Gauge& cache_entries = gauges(metric::cache_entries).Add({});
  prometheus::Family<prometheus::Counter>& registry_requests = counters(metric::registry_requests);
  prometheus::Family<prometheus::Histogram>& registry_durations = histograms(metric::registry_duration);
  prometheus::Family<prometheus::Counter>& tokens = counters(metric::tokens);
  prometheus::Family<prometheus::Gauge>& pulls_remaining = gauges(metric::pulls_remaining);
  prometheus::Family<prometheus::Gauge>& trouble = gauges(metric::registry_trouble);
  prometheus::Counter& displaced = counters(metric::displaced_lookups).Add({});
  prometheus::Family<prometheus::Gauge>& connections = gauges(metric::connections);
  prometheus::Family<prometheus::Counter>& connections_total = counters(metric::connections_total);
  prometheus::Family<prometheus::Counter>& connections_rejected = counters(metric::connections_rejected);
  prometheus::Family<prometheus::Counter>& connections_evicted = counters(metric::connections_evicted);
  prometheus::Family<prometheus::Counter>& responses = counters(metric::responses);
  counter_array<label::handshake_failures.size()> handshakes{counters(metric::handshake_failures)};
  counter_array<label::callers.size()> callers{counters(metric::callers)};
  prometheus::Family<prometheus::Gauge>& callers_verified = gauges(metric::callers_verified);
  counter_array<label::namespace_reads.size()> namespace_reads{counters(metric::namespaces_read)};
  prometheus::Counter& withheld_lookups = counters(metric::withheld_lookups).Add({});
  // Not shown before there is a value: 0 would be an alarm.
  prometheus::Family<prometheus::Gauge>& certificate_expiry = gauges(metric::certificate_expiry);
  prometheus::Family<prometheus::Gauge>& certificate_trusted = gauges(metric::certificate_trusted);
  counter_array<label::certificate_changes.size()> changes{counters(metric::certificate_changes)};
  prometheus::Counter& certificate_failures = counters(metric::certificate_failures).Add({});
  std::array<prometheus::Counter*, 2> reloads = results(metric::certificate_reloads);
  prometheus::Family<prometheus::Gauge>& lock_images = gauges(metric::lock_images);
  std::array<prometheus::Counter*, 2> lock_reloads = results(metric::lock_reloads);
  prometheus::Family<prometheus::Gauge>& moves_tags = gauges(metric::moves_tags);
  prometheus::Family<prometheus::Gauge>& moves_written = gauges(metric::moves_written);
  std::array<prometheus::Counter*, 2> moves_reloads = results(metric::moves_reloads);
  std::array<prometheus::Counter*, 2> verifier_reloads = results(metric::verifier_reloads);
  prometheus::Family<prometheus::Counter>& verdicts = counters(metric::signature_verdicts);
  finding_counters findings{counters(metric::rule_findings)};
  prometheus::Gauge& rules = gauges(metric::rules).Add({});
  std::array<prometheus::Counter*, 2> configuration_reloads = results(metric::configuration_reloads);
  prometheus::Family<prometheus::Gauge>& configuration_current = gauges(metric::configuration_current);
  prometheus::Family<prometheus::Gauge>& stalled_reads = gauges(metric::stalled_reads);
  prometheus::Counter& cpu = counters(metric::process_cpu).Add({});
  prometheus::Gauge& memory = gauges(metric::process_memory).Add({});
  prometheus::Gauge& start = gauges(metric::process_start).Add({});
  prometheus::Gauge& descriptors = gauges(metric::process_descriptors).Add({});
  prometheus::Gauge& descriptor_limit = gauges(metric::process_descriptor_limit).Add({});

  std::mutex mutex;
  std::map<std::string, bool, std::less<>> hosts;
  std::map<std::string, std::unique_ptr<listener_counters>, std::less<>> listeners;

  // The label's value for a host: itself for the first `host_limit`, then "other".
  std::string host_label(std::string_view host) {
    const std::lock_guard lock(mutex);
    if (hosts.contains(host)) return std::string(host);
    if (hosts.size() >= host_limit) return "other";
    hosts.emplace(host, true);
    return std::string(host);
  }
};

class metrics::state::listener_counters final : public connection_metrics {
 public:
  listener_counters(state& s, const std::string& name)
      : name_(name),
        state_(s),
        open_(s.connections.Add({{"listener", name}})),
        total_(s.connections_total.Add({{"listener", name}})),
        rejected_(s.connections_rejected.Add({{"listener", name}})),
        evicted_(s.connections_evicted.Add({{"listener", name}})),
        responses_(s.responses) {}

  void opened() override {
    open_.Increment();
    total_.Increment();
  }
  void closed() override { open_.Decrement(); }
  void rejected() override { rejected_.Increment(); }
  void evicted() override { evicted_.Increment(); }

  void count_response(unsigned status) override {
    const std::array<char, 3> digits{static_cast<char>('0' + status / 100 % 10),
                                     static_cast<char>('0' + status / 10 % 10), static_cast<char>('0' + status % 10)};
    const std::size_t at = label::position(label::http_statuses, std::string_view(digits.data(), digits.size()));
    responses_.increment(
        at, [&] { return labels{{"listener", name_}, {"status", std::string(label::http_statuses[at])}}; });
  }

  void count_handshake_failure(handshake_failure reason) override {
    const auto at = static_cast<std::size_t>(reason);
    state_.handshakes.increment(at, [&] { return labels{{"reason", std::string(label::handshake_failures[at])}}; });
  }

 private:
  std::string name_;
  state& state_;
  prometheus::Gauge& open_;
  prometheus::Counter& total_;
  prometheus::Counter& rejected_;
  prometheus::Counter& evicted_;
  counter_array<label::http_statuses.size()> responses_;
};

metrics::metrics() : state_(std::make_unique<state>()) {
  auto& durations_family = state_->histograms(metric::admission_duration);
  for (std::size_t i = 0; i < label::modes.size(); ++i)
    state_->admission_durations[i] = &durations_family.Add({{"mode", std::string(label::modes[i])}}, durations);
  state_->gauges(metric::build_info).Add({{"version", PINHOOK_VERSION}, {"compiler", __VERSION__}}).Set(1);
  state_->start.Set(process_start_time());
}

metrics::~metrics() = default;

void metrics::count_admission(std::string_view mode, std::string_view kind, std::string_view outcome, bool is_dry_run,
                              std::chrono::nanoseconds took) {
  const std::size_t m = label::position(label::modes, mode);
  const std::size_t k = label::position(label::kinds, kind);
  const std::size_t o = label::position(label::outcomes, outcome);
  const std::size_t at = ((m * label::kinds.size() + k) * label::outcomes.size() + o) * 2 + (is_dry_run ? 1 : 0);
  state_->admissions.increment(at, [&] {
    return labels{{"mode", std::string(label::modes[m])},
                  {"kind", std::string(label::kinds[k])},
                  {"outcome", std::string(label::outcomes[o])},
                  {"dry_run", is_dry_run ? "true" : "false"}};
  });
  state_->admission_durations[m]->Observe(std::chrono::duration<double>(took).count());
}

void metrics::count_slot(std::string_view outcome, std::string_view source) {
  const std::size_t o = label::position(label::slot_outcomes, outcome);
  const std::size_t s = label::position(label::sources, source);
  state_->slots.increment(o * label::sources.size() + s, [&] {
    return labels{{"outcome", std::string(label::slot_outcomes[o])}, {"source", std::string(label::sources[s])}};
  });
}

void metrics::count_cache_lookup(cache_lookup found) {
  const auto at = static_cast<std::size_t>(found);
  state_->cache_lookups.increment(at, [&] { return labels{{"result", std::string(label::lookups[at])}}; });
}

void metrics::set_cache_entries(std::size_t count) { state_->cache_entries.Set(static_cast<double>(count)); }

void metrics::count_registry_request(std::string_view host, std::string_view status, std::chrono::nanoseconds took) {
  const std::string shown = state_->host_label(host);
  const std::string_view known = label::registry_statuses[label::position(label::registry_statuses, status)];
  state_->registry_requests.Add({{"host", shown}, {"status", std::string(known)}}).Increment();
  state_->registry_durations.Add({{"host", shown}}, durations).Observe(std::chrono::duration<double>(took).count());
}

void metrics::count_token(std::string_view host, std::string_view outcome) {
  const std::string_view known = label::registry_statuses[label::position(label::registry_statuses, outcome)];
  state_->tokens.Add({{"host", state_->host_label(host)}, {"result", std::string(known)}}).Increment();
}

void metrics::set_pulls_remaining(std::string_view host, std::int64_t remaining) {
  state_->pulls_remaining.Add({{"host", state_->host_label(host)}}).Set(static_cast<double>(remaining));
}

void metrics::add_trouble(std::string_view host, std::string_view part, int change) {
  const std::string_view known = label::registry_parts[label::position(label::registry_parts, part)];
  state_->trouble.Add({{"host", state_->host_label(host)}, {"part", std::string(known)}}).Increment(change);
}

void metrics::count_displaced_lookup() { state_->displaced.Increment(); }

void metrics::count_caller(caller kind) {
  const auto at = static_cast<std::size_t>(kind);
  state_->callers.increment(at, [&] { return labels{{"caller", std::string(label::callers[at])}}; });
}

void metrics::set_callers_verified(bool are_verified) { state_->callers_verified.Add({}).Set(are_verified ? 1 : 0); }

void metrics::count_namespace_read(std::string_view event) {
  const std::size_t at = label::position(label::namespace_reads, event);
  state_->namespace_reads.increment(at, [&] { return labels{{"result", std::string(label::namespace_reads[at])}}; });
}

void metrics::count_withheld_lookup() { state_->withheld_lookups.Increment(); }

void metrics::count_reload(bool good) { state_->reloads[good ? 1 : 0]->Increment(); }

void metrics::set_certificate_expiry(wall_time when) {
  state_->certificate_expiry.Add({}).Set(static_cast<double>(std::chrono::system_clock::to_time_t(when)));
}

void metrics::set_certificate_trusted(bool is_trusted) { state_->certificate_trusted.Add({}).Set(is_trusted ? 1 : 0); }

void metrics::count_certificate_change(certificate_change kind) {
  const auto at = static_cast<std::size_t>(kind);
  state_->changes.increment(at, [&] { return labels{{"what", std::string(label::certificate_changes[at])}}; });
}

void metrics::count_certificate_failure() { state_->certificate_failures.Increment(); }

void metrics::set_lock_images(std::size_t count) { state_->lock_images.Add({}).Set(static_cast<double>(count)); }

void metrics::count_lock_reload(bool good) { state_->lock_reloads[good ? 1 : 0]->Increment(); }

void metrics::set_moves(std::size_t tags, wall_time written) {
  state_->moves_tags.Add({}).Set(static_cast<double>(tags));
  state_->moves_written.Add({}).Set(static_cast<double>(std::chrono::system_clock::to_time_t(written)));
}

void metrics::count_moves_reload(bool good) { state_->moves_reloads[good ? 1 : 0]->Increment(); }

void metrics::count_verifier_reload(bool good) { state_->verifier_reloads[good ? 1 : 0]->Increment(); }

void metrics::count_signature_verdict(std::string_view verifier, std::string_view outcome) {
  // Not bounded here: names come from the operator, and are as many as signatures::max_verifiers at a time.
  if (std::ranges::find(label::verdicts, outcome) == label::verdicts.end()) return;
  state_->verdicts.Add({{"verifier", std::string(verifier)}, {"result", std::string(outcome)}}).Increment();
}

void metrics::count_rule_finding(std::string_view rule, std::string_view taken, std::string_view ns) {
  // Prometheus refuses a whole page for one label that is not UTF-8.
  state_->findings.increment(rule, label::actions[label::position(label::actions, taken)], printable(ns));
}

void metrics::set_rules(std::size_t count) { state_->rules.Set(static_cast<double>(count)); }

void metrics::count_configuration_reload(bool good) { state_->configuration_reloads[good ? 1 : 0]->Increment(); }

void metrics::set_configuration_current(bool is_current) {
  state_->configuration_current.Add({}).Set(is_current ? 1 : 0);
}

void metrics::set_stalled_read(std::string_view files, bool is_stalled) {
  state_->stalled_reads.Add({{"files", std::string(files)}}).Set(is_stalled ? 1 : 0);
}

connection_metrics& metrics::listener(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  auto& counted = state_->listeners[std::string(name)];
  if (!counted) counted = std::make_unique<state::listener_counters>(*state_, std::string(name));
  return *counted;
}

std::string metrics::render() {
  const process_usage now = read_process_usage();
  {
    // Two renders at once must not add the same difference twice.
    const std::lock_guard lock(state_->mutex);
    state_->cpu.Increment(std::max(0.0, now.cpu_seconds - state_->cpu.Value()));
  }
  state_->memory.Set(now.resident_bytes);
  state_->descriptors.Set(now.open_descriptors);
  state_->descriptor_limit.Set(now.descriptor_limit);
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace pinhook::server
