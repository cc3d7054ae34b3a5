#include <pinhook/kube/serving_certificate.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::kube {
namespace {

// Limit of reads within one look: a new state takes two writes, and each can be lost to another replica.
constexpr int max_passes = 8;

}  // namespace

serving_certificate::serving_certificate(serving_api& api, const clock& time, serving_options options, serving_sink& to,
                                         wait_seams seams)
    : api_(api), time_(time), options_(std::move(options)), seams_(std::move(seams)), to_(to) {}

std::string serving_certificate::secret_name() const {
  return fmt::format("Secret {}/{}", options_.ns, options_.secret_name);
}

std::string serving_certificate::configuration_name() const {
  return fmt::format("MutatingWebhookConfiguration {}", options_.configuration);
}

awaitable<void> serving_certificate::keep() {
  look_pace pace(options_.check_interval);
  for (;;) {
    const bool went_well = co_await look();
    const auto span = pace.next(went_well, seams_.random());
    co_await seams_.sleep(span);
  }
}

awaitable<bool> serving_certificate::look() {
  pass last;
  for (int made = 0; made < max_passes; ++made) {
    last = co_await look_once();
    if (!last.is_stale) break;
  }
  report(last);
  co_return last.is_complete && !last.is_stale && !last.failure;
}

awaitable<serving_certificate::pass> serving_certificate::look_once() {
  pass out;
  auto read_objects = co_await read();
  if (!read_objects) {
    out.failure = std::move(read_objects.error());
    co_return out;
  }
  const serving_facts& facts = read_objects->facts;
  out.is_complete = facts.entries && facts.stored;
  out.is_unregistered = !facts.entries;
  observe(memory_, facts);
  out.decision = decide(facts, memory_, options_.policy);
  auto shown = show(*out.decision);
  if (!shown) out.failure = std::move(shown.error());
  // The writes are independent of each other: permission may be missing for one of them.
  if (out.decision->bundles) {
    auto written = co_await write_bundles(*out.decision->bundles, read_objects->registration.resource_version);
    if (written)
      out.is_stale = true;
    else
      out.failure = std::move(written.error());
  }
  if (out.decision->state) {
    std::optional<stored_secret> over;
    if (facts.stored) over = std::move(read_objects->secret);
    auto written = co_await write_state(*out.decision->state, std::move(over));
    if (written)
      out.is_stale = true;
    else
      out.failure = std::move(written.error());
  }
  if (!shown) out.decision.reset();
  co_return out;
}

// Reads the configuration first, then the Secret; serving_decision.hpp has the reason (3).
awaitable<result<serving_certificate::found>> serving_certificate::read() {
  found out;
  std::string configuration = options_.configuration;
  auto registration = co_await api_.get_registration(std::move(configuration), limit());
  if (!registration && registration.error().code != error_code::not_found)
    co_return fail(std::move(registration.error()));
  std::string ns = options_.ns;
  std::string name = options_.secret_name;
  auto stored = co_await api_.get_stored(std::move(ns), std::move(name), limit());
  if (!stored && stored.error().code != error_code::not_found) co_return fail(std::move(stored.error()));
  if (registration) {
    out.facts.entries = read_bundles(registration->webhooks);
    out.registration = *std::move(registration);
  }
  if (stored) {
    out.facts.stored = parse_state(stored->data);
    out.secret = *std::move(stored);
  }
  out.facts.now = time_.wall();
  out.facts.steady = time_.now();
  co_return out;
}

awaitable<result<bool>> serving_certificate::write_bundles(bundle_plan plan, std::string version) {
  webhook_registration with;
  with.resource_version = std::move(version);
  for (auto& name : plan.entries) {
    webhook_entry one;
    one.name = std::move(name);
    one.ca_bundle = plan.bundle;
    with.webhooks.push_back(std::move(one));
  }
  std::string configuration = options_.configuration;
  auto written = co_await api_.set_bundles(std::move(configuration), std::move(with), limit());
  if (written && *written) to_->wrote(configuration_name(), plan.reason);
  co_return written;
}

awaitable<result<bool>> serving_certificate::write_state(state_plan plan, std::optional<stored_secret> over) {
  auto next = make_state(plan, options_.policy, time_);
  if (!next) co_return fail(std::move(next.error()).at("the serving certificate"));
  secret_data data = render_state(*next);
  std::string ns = options_.ns;
  std::string name = options_.secret_name;
  result<bool> written = false;
  if (over) {
    // Keys of others in the Secret are kept.
    stored_secret with = *std::move(over);
    for (auto& [key, value] : data) with.data.insert_or_assign(key, std::move(value));
    written = co_await api_.update_stored(std::move(ns), std::move(name), std::move(with), limit());
  } else {
    written = co_await api_.create_stored(std::move(ns), std::move(name), std::move(data), limit());
  }
  if (written && *written) to_->wrote(secret_name(), plan.reason);
  co_return written;
}

result<void> serving_certificate::show(const serving_decision& d) {
  if (d.serve) {
    auto used = to_->use(d.serve->pem);
    if (!used) return fail(std::move(used.error()).at(secret_name()));
    memory_.served = d.serve;
  }
  memory_.is_settled = d.is_settled;
  return {};
}

void serving_certificate::report(const pass& last) {
  if (last.failure)
    to_.failed(*last.failure);
  else if (!last.is_stale)
    to_.went_well();
  if (last.decision) {
    std::optional<std::string> distrust = last.decision->distrust;
    if (distrust && last.is_unregistered) distrust = configuration_name() + " does not exist yet";
    if (distrust && last.failure) distrust = fmt::format("{}: {}", *distrust, last.failure->message);
    to_.judge(distrust);
  } else if (memory_.served && memory_.served->leaf.not_after() < time_.wall()) {
    to_.judge("the certificate has expired");
  } else if (!to_.was_judged()) {
    to_.judge(last.failure->message);
  }
}

}  // namespace pinhook::kube
