#include <pinhook/resolve/host_health.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

// Invariants between two calls:
//  1. A repository or a credential has a record while a request about it is under way or it is in trouble; of the
//     latter no more than `remembered` each are kept beside those under way.
//  2. row_ holds the repositories that failed since the last answer of any, and row_owners_ the owners that asked; both
//     are bounded by `remembered`, and begin empty when nothing failed for as long as the longest rest.

namespace pinhook::resolve {
namespace {

constexpr std::array<std::string_view, 3> part_names{"registry", "repository", "credential"};
constexpr std::array all_parts{part::registry, part::repository, part::credential};

}  // namespace

std::string_view to_string(part which) noexcept { return part_names[static_cast<std::size_t>(which)]; }

bool is_anonymous(std::string_view credential_identity) { return credential_identity == "anonymous"; }

host_health::record& host_health::record_of(records& all, const std::string& name) {
  return all.try_emplace(name, options_).first->second;
}

host_health::record* host_health::find(records& all, const std::string& name) {
  const auto at = all.find(name);
  return at == all.end() ? nullptr : &at->second;
}

const backoff* host_health::find(part which, const errand& on) const {
  if (which == part::registry) return &host_;
  const records& all = which == part::repository ? repositories_ : credentials_;
  const auto at = all.find(which == part::repository ? on.repository : on.credential);
  return at == all.end() ? nullptr : &at->second.rests;
}

// Where a registry rests because repositories failed, an owner that wants others does not wait for them. A rate limit
// applies to all.
bool host_health::is_early(const errand& on) const {
  if (host_.failure().code == error_code::rate_limited || row_owners_.size() >= options_.remembered) return false;
  return std::ranges::any_of(on.owners, [&](const std::string& owner) { return !row_owners_.contains(owner); });
}

host_health::standing host_health::look(const errand& on, steady_time now) const {
  standing out;
  for (const part which : all_parts) {
    const backoff* const one = find(which, on);
    if (one == nullptr) continue;
    state is = one->at(now);
    if (which == part::registry && is == state::resting && is_early(on)) is = one->early_at(now);
    if (is < out.now) continue;
    const steady_time until = is == state::resting   ? one->until()
                              : is == state::probing ? one->probe_until()
                                                     : steady_time();
    if (is > out.now || until > out.until) out = {is, which, until};
  }
  return out;
}

error host_health::refusal(std::string_view host, const errand& on, steady_time now) const {
  const standing is = look(on, now);
  const backoff* const one = find(is.which, on);
  error out = one->failure();
  const auto left = std::chrono::ceil<std::chrono::seconds>(std::max(is.until - now, steady_time::duration(0)));
  const std::string subject = is.which == part::repository
                                  ? fmt::format("repository {} of registry {}", on.repository, host)
                                  : fmt::format("registry {}", host);
  out.message =
      is.which == part::credential
          ? fmt::format("{} is not asked with these credentials for {} s more after: {}", subject, left.count(),
                        one->failure().message)
          : fmt::format("{} is in back-off for {} s more after: {}", subject, left.count(), one->failure().message);
  out.retry_after = left;
  return out;
}

host_health::ticket host_health::start(const errand& on, steady_time now) {
  ticket out;
  out.host = host_.start(now);
  record& repository = record_of(repositories_, on.repository);
  ++repository.under_way;
  out.repository = repository.rests.start(now);
  if (is_anonymous(on.credential)) return out;
  record& credential = record_of(credentials_, on.credential);
  ++credential.under_way;
  out.credential = credential.rests.start(now);
  return out;
}

void host_health::end(const errand& on, const std::function<void(backoff&, part)>& apply) {
  apply(host_, part::registry);
  if (record* const repository = find(repositories_, on.repository)) {
    --repository->under_way;
    apply(repository->rests, part::repository);
  }
  if (is_anonymous(on.credential)) return;
  if (record* const credential = find(credentials_, on.credential)) {
    --credential->under_way;
    apply(credential->rests, part::credential);
  }
}

void host_health::succeeded(const errand& on, const ticket& t, steady_time now) {
  end(on, [&](backoff& one, part which) {
    if (which == part::repository) {
      one.succeeded(t.repository);
    } else if (which == part::credential) {
      one.succeeded(t.credential);
    } else if (one.succeeded(t.host)) {
      row_.clear();
      row_owners_.clear();
    }
  });
  forget(repositories_, now);
  forget(credentials_, now);
}

void host_health::add_to_row(const errand& on, steady_time now) {
  if (now - row_at_ > options_.rate_limited_most) {
    row_.clear();
    row_owners_.clear();
  }
  row_at_ = now;
  if (row_.size() < options_.remembered) row_.insert(on.repository);
  for (const auto& owner : on.owners)
    if (row_owners_.size() < options_.remembered) row_owners_.insert(owner);
}

void host_health::failed(const errand& on, const ticket& t, const error& failure, steady_time now, double jitter) {
  if (!backoff::counts(failure, options_)) return succeeded(on, t, now);
  const bool is_limit = failure.code == error_code::rate_limited;
  if (!is_limit) add_to_row(on, now);
  const bool is_hosts = is_limit ? is_anonymous(on.credential)
                                 : row_.size() >= options_.repositories_in_a_row || host_.at(now) != state::clear;
  end(on, [&](backoff& one, part which) {
    const auto& mine = which == part::registry ? t.host : which == part::repository ? t.repository : t.credential;
    const bool is_meant = which == part::registry ? is_hosts : is_limit == (which == part::credential);
    if (is_meant)
      one.failed(mine, failure, now, jitter);
    else
      one.abandoned(mine);
  });
  forget(repositories_, now);
  forget(credentials_, now);
}

void host_health::abandoned(const errand& on, const ticket& t, steady_time now) {
  end(on, [&](backoff& one, part which) {
    one.abandoned(which == part::registry ? t.host : which == part::repository ? t.repository : t.credential);
  });
  forget(repositories_, now);
  forget(credentials_, now);
}

void host_health::forget(records& all, steady_time now) const {
  const auto is_needless = [&](const auto& one) {
    const backoff& rests = one.second.rests;
    return one.second.under_way == 0 &&
           (rests.at(now) == state::clear || now - rests.until() > options_.forgotten_after);
  };
  std::erase_if(all, is_needless);
  std::size_t idle = 0;
  for (const auto& one : all) idle += one.second.under_way == 0 ? 1 : 0;
  for (; idle > options_.remembered; --idle) {
    auto victim = all.end();
    for (auto at = all.begin(); at != all.end(); ++at)
      if (at->second.under_way == 0 && (victim == all.end() || at->second.rests.until() < victim->second.rests.until()))
        victim = at;
    all.erase(victim);
  }
}

bool host_health::is_clear(steady_time now) const {
  return std::ranges::all_of(all_parts, [&](part which) { return in_trouble(which, now) == 0; });
}

std::size_t host_health::in_trouble(part which, steady_time now) const {
  if (which == part::registry) return host_.at(now) == state::clear ? 0 : 1;
  const records& all = which == part::repository ? repositories_ : credentials_;
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [&](const auto& one) { return one.second.rests.at(now) != state::clear; }));
}

steady_time host_health::until() const {
  steady_time out = host_.until();
  for (const records* all : {&repositories_, &credentials_})
    for (const auto& [name, one] : *all) out = std::max(out, one.rests.until());
  return out;
}

}  // namespace pinhook::resolve
