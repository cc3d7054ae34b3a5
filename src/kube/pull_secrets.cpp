#include <pinhook/kube/pull_secrets.hpp>

#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/thread_crossing.hpp>
#include <pinhook/kube/names.hpp>
#include <pinhook/kube/namespace_labels.hpp>
#include <pinhook/kube/pull_secret_reads.hpp>
#include <pinhook/registry/mirror_grants.hpp>
#include <pinhook/registry/ordered_credentials.hpp>
#include <pinhook/registry/pull_keyring.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace pinhook::kube {
namespace {

using registry::credential_source;
using registry::pull_entry;
using registry::tenant;

// The time after which a read is given up that no caller waits for any more.
constexpr std::chrono::seconds longest_read{10};

// A name comes from the object and can be any text.
std::string shown(std::string_view name) { return is_object_name(name) ? std::string(name) : quoted(name, 60); }

// One list of secrets while it is read.
struct secret_list {
  std::vector<std::string> names;
  std::vector<result<shared_read>> reads;

  void take(const std::vector<std::string>& from, const std::vector<std::string>& before) {
    const auto is_in = [](const std::vector<std::string>& all, const std::string& one) {
      return std::ranges::find(all, one) != all.end();
    };
    for (const std::string& name : from) {
      if (names.size() == max_pull_secrets) break;
      if (!name.empty() && !is_in(names, name) && !is_in(before, name)) names.push_back(name);
    }
    reads.assign(names.size(), fail(error_code::internal, "it was not read"));
  }
};

}  // namespace

/// The state that the object's calls and its reads share; it lives as long as any of them.
class pull_secrets::core : public std::enable_shared_from_this<core> {
 public:
  using source = std::shared_ptr<credential_source>;

  core(std::shared_ptr<api> reads, asio::any_io_executor on, const clock& time, behind_secrets behind,
       pull_secrets_options options)
      : api_(std::move(reads)),
        on_(std::move(on)),
        time_(time),
        behind_(std::move(behind)),
        options_(std::move(options)),
        labels_(api_, on_, time,
                {.check = options_.labels,
                 .ttl = options_.ttl,
                 .retry_after = options_.retry_after,
                 .read_limit = longest_read,
                 .on_read = options_.on_namespace}),
        secrets_(on_, time, {.fetch_limit = longest_read, .hold_failure = options_.retry_after}),
        accounts_(on_, time, {.fetch_limit = longest_read, .hold_failure = options_.retry_after}) {}

  [[nodiscard]] const asio::any_io_executor& executor() const { return on_; }
  [[nodiscard]] deadline read_limit() const { return deadline::after(time_.now(), options_.read_limit); }

  /// The held source; `is_due`: it is old enough to be read again, and this caller starts the read.
  source held(const tenant& owner, bool* is_due = nullptr) {
    const steady_time now = time_.now();
    const std::lock_guard lock(guard_);
    const auto found = held_.find(owner);
    if (found == held_.end() || now >= found->second.until) return nullptr;
    entry& e = found->second;
    if (is_due != nullptr && now >= e.renew_at && !e.is_renewed) *is_due = e.is_renewed = true;
    return e.value;
  }

  /// True when a source is made without the API.
  [[nodiscard]] bool needs_no_reads(const tenant& owner) const {
    return api_ == nullptr || owner.ns.empty() || !may_read(owner.ns);
  }

  /// The source when nothing could be read, because of `reason`.
  [[nodiscard]] source without_secrets(const tenant& owner, std::optional<error> reason) const {
    std::vector<error> troubles;
    if (reason) troubles.push_back(*std::move(reason));
    return made_of({}, std::move(troubles), {}, {}, owner);
  }

  /// A source without reads; held, so that equal tenants get the same.
  source make_without_reads(const tenant& owner) {
    std::optional<error> reason;
    if (api_ != nullptr && !owner.ns.empty() && !owner.pull_secrets.empty())
      reason = error{error_code::denied,
                     fmt::format("the pull secrets of namespace {} are not among those that are read", owner.ns),
                     std::nullopt};
    const steady_time now = time_.now();
    source out = without_secrets(owner, std::move(reason));
    hold(owner, {out, now + options_.ttl, now + options_.ttl, false, false});
    return out;
  }

  /// On the control thread. `done` is called there, by `limit`.
  void read(tenant owner, deadline limit, std::function<void(source)> done);
  void cancel() {
    labels_.cancel();
    secrets_.cancel();
    accounts_.cancel();
  }

 private:
  struct entry {
    source value;
    steady_time until;
    steady_time renew_at;
    bool has_temporary_trouble = false;
    bool is_renewed = false;  // a read is under way
  };
  struct reading {
    tenant owner;
    deadline limit = deadline::never();
    std::function<void(source)> done;
    secret_list of_pod, of_account;
    /// The namespace gets no credentials.
    std::optional<error> refusal;
    std::optional<error> account_failure;
    steady_time oldest{};
    std::size_t left = 0;
  };

  [[nodiscard]] bool may_read(const std::string& ns) const {
    return options_.namespaces.empty() || std::ranges::find(options_.namespaces, ns) != options_.namespaces.end();
  }
  [[nodiscard]] static const std::string& account_of(const tenant& owner) {
    static const std::string usual = "default";
    return owner.service_account.empty() ? usual : owner.service_account;
  }

  void start(const std::shared_ptr<reading>& r, awaitable<void> work);
  void start_reads(const std::shared_ptr<reading>& r);
  void start_list(const std::shared_ptr<reading>& r, secret_list& list);
  static awaitable<void> check_namespace_of(std::shared_ptr<core> self, std::shared_ptr<reading> r);
  static awaitable<void> read_one(std::shared_ptr<core> self, std::shared_ptr<reading> r, secret_list& list,
                                  std::size_t i);
  static awaitable<void> read_account_of(std::shared_ptr<core> self, std::shared_ptr<reading> r);
  void finish(reading& r);
  void withhold(reading& r);
  [[nodiscard]] source made_of(std::vector<pull_entry> pod, std::vector<error> pod_troubles,
                               std::vector<pull_entry> account, std::vector<error> account_troubles,
                               const tenant& owner) const;
  void hold(const tenant& owner, entry e);

  std::shared_ptr<api> api_;
  asio::any_io_executor on_;
  const clock& time_;
  behind_secrets behind_;
  pull_secrets_options options_;
  // Used on the control thread alone.
  namespace_labels labels_;
  fetch_cache<shared_read> secrets_;
  fetch_cache<account_read> accounts_;

  std::mutex guard_;
  std::map<tenant, entry> held_;
};

void pull_secrets::core::start(const std::shared_ptr<reading>& r, awaitable<void> work) {
  ++r->left;
  asio::co_spawn(on_, std::move(work), [self = shared_from_this(), r](const std::exception_ptr&) {
    if (--r->left == 0) self->finish(*r);
  });
}

void pull_secrets::core::start_list(const std::shared_ptr<reading>& r, secret_list& list) {
  for (std::size_t i = 0; i < list.names.size(); ++i) start(r, read_one(shared_from_this(), r, list, i));
}

// `list` is a part of `*r`.
awaitable<void> pull_secrets::core::read_one(std::shared_ptr<core> self, std::shared_ptr<reading> r, secret_list& list,
                                             std::size_t i) {
  const std::string& ns = r->owner.ns;
  const std::string& name = list.names[i];
  std::string key = fmt::format("{}/{}", ns, name);
  fetch_cache<shared_read>::fetch fetch = [from = self->api_, ns, name, &time = self->time_,
                                           fresh = fresh_for(self->options_.ttl)](deadline d) {
    return read_secret(from, ns, name, time, fresh, d);
  };
  auto got = co_await self->secrets_.get(std::move(key), std::move(fetch), r->limit);
  if (got) r->oldest = std::min(r->oldest, (*got)->at);
  list.reads[i] = std::move(got);
}

awaitable<void> pull_secrets::core::read_account_of(std::shared_ptr<core> self, std::shared_ptr<reading> r) {
  const std::string& ns = r->owner.ns;
  const std::string& name = account_of(r->owner);
  std::string key = fmt::format("{}/{}", ns, name);
  fetch_cache<account_read>::fetch fetch = [from = self->api_, ns, name, &time = self->time_,
                                            fresh = fresh_for(self->options_.ttl)](deadline d) {
    return read_account(from, ns, name, time, fresh, d);
  };
  auto got = co_await self->accounts_.get(std::move(key), std::move(fetch), r->limit);
  if (!got) {
    r->account_failure = std::move(got.error());
    co_return;
  }
  r->oldest = std::min(r->oldest, got->at);
  r->of_account.take(got->names, r->of_pod.names);
  self->start_list(r, r->of_account);
}

void pull_secrets::core::read(tenant owner, deadline limit, std::function<void(source)> done) {
  auto r = std::make_shared<reading>();
  r->owner = std::move(owner);
  r->limit = limit;
  r->done = std::move(done);
  r->oldest = time_.now();
  r->of_pod.take(r->owner.pull_secrets, {});
  // No read ends before all have begun, since each waits for the API or for the next turn of the loop.
  ++r->left;
  if (labels_.is_checked())
    start(r, check_namespace_of(shared_from_this(), r));
  else
    start_reads(r);
  if (--r->left == 0) finish(*r);
}

void pull_secrets::core::start_reads(const std::shared_ptr<reading>& r) {
  start_list(r, r->of_pod);
  start(r, read_account_of(shared_from_this(), r));
}

awaitable<void> pull_secrets::core::check_namespace_of(std::shared_ptr<core> self, std::shared_ptr<reading> r) {
  std::string ns = r->owner.ns;
  r->refusal = co_await self->labels_.refusal_of(std::move(ns), r->limit);
  if (r->refusal && r->refusal->code != error_code::denied)
    r->refusal->message =
        fmt::format("the label of namespace {} is not known: {}", shown(r->owner.ns), r->refusal->message);
  if (!r->refusal) self->start_reads(r);
}

// The sources behind the secrets are not asked either: this review is not from an API server. It learns what everybody
// may know. Not held for long, since the namespace may be labelled at any time.
void pull_secrets::core::withhold(reading& r) {
  const bool is_temporary_trouble = is_temporary(r.refusal->code);
  std::vector<error> troubles{*std::move(r.refusal)};
  sources parts;
  parts.push_back(std::make_shared<registry::keyring_credentials>(registry::pull_keyring(std::vector<pull_entry>()),
                                                                  std::move(troubles)));
  source out = std::make_shared<registry::ordered_credentials>(std::move(parts));
  const steady_time soon = time_.now() + options_.retry_after;
  hold(r.owner, {out, soon, soon, is_temporary_trouble, false});
  r.done(std::move(out));
}

void pull_secrets::core::finish(reading& r) {
  if (r.refusal) return withhold(r);
  bool is_definite = true;
  std::vector<error> troubles;
  const auto note = [&](error e, std::string_view kind, std::string_view name) {
    is_definite = is_definite && !is_temporary(e.code);
    e.message = fmt::format("{} {} of namespace {}: {}", kind, shown(name), r.owner.ns, e.message);
    troubles.push_back(std::move(e));
  };
  const auto gather = [&](secret_list& list) {
    std::vector<pull_entry> all;
    for (std::size_t i = 0; i < list.names.size(); ++i) {
      auto& one = list.reads[i];
      if (one)
        all.insert(all.end(), (*one)->entries.begin(), (*one)->entries.end());
      else
        note(std::move(one.error()), "pull secret", list.names[i]);
    }
    return all;
  };
  auto pod = gather(r.of_pod);
  auto pod_troubles = std::exchange(troubles, {});
  if (r.account_failure) note(*std::move(r.account_failure), "service account", account_of(r.owner));
  auto account = gather(r.of_account);
  const bool has_troubles = !pod_troubles.empty() || !troubles.empty();
  source out = made_of(std::move(pod), std::move(pod_troubles), std::move(account), std::move(troubles), r.owner);

  const steady_time soon = time_.now() + options_.retry_after;
  const steady_time until = r.oldest + options_.ttl;
  const steady_time renew_at = r.oldest + fresh_for(options_.ttl);
  hold(r.owner, {out, is_definite ? until : std::min(until, soon), has_troubles ? std::min(renew_at, soon) : renew_at,
                 !is_definite, false});
  r.done(std::move(out));
}

pull_secrets::core::source pull_secrets::core::made_of(std::vector<pull_entry> pod, std::vector<error> pod_troubles,
                                                       std::vector<pull_entry> account,
                                                       std::vector<error> account_troubles, const tenant& owner) const {
  sources parts;
  std::vector<pull_entry> all;
  const auto add = [&](std::vector<pull_entry> entries, std::vector<error> troubles) {
    if (entries.empty() && troubles.empty()) return;
    if (options_.grants) all.insert(all.end(), entries.begin(), entries.end());
    parts.push_back(std::make_shared<registry::keyring_credentials>(registry::pull_keyring(std::move(entries)),
                                                                    std::move(troubles)));
  };
  add(std::move(pod), std::move(pod_troubles));
  add(std::move(account), std::move(account_troubles));
  for (auto& one : behind_(owner)) parts.push_back(std::move(one));
  auto out = std::make_shared<registry::ordered_credentials>(std::move(parts));
  if (all.empty()) return out;
  return std::make_shared<registry::granted_credentials>(std::move(out), std::move(all), options_.grants);
}

void pull_secrets::core::hold(const tenant& owner, entry e) {
  const steady_time now = time_.now();
  const std::lock_guard lock(guard_);
  if (const auto found = held_.find(owner); found != held_.end()) {
    // The earlier read stays in use, within its time, when the API does not answer now.
    entry& old = found->second;
    if (e.has_temporary_trouble && !old.has_temporary_trouble && now < old.until) {
      old.renew_at = now + options_.retry_after;
      old.is_renewed = false;
    } else {
      old = std::move(e);
    }
    return;
  }
  if (held_.size() >= options_.capacity &&
      std::erase_if(held_, [&](const auto& one) { return one.second.until <= now; }) == 0 && !held_.empty())
    held_.erase(std::ranges::min_element(held_, {}, [](const auto& one) { return one.second.until; }));
  held_.emplace(owner, std::move(e));
}

pull_secrets::pull_secrets(std::shared_ptr<api> reads, boost::asio::any_io_executor control, const clock& time,
                           behind_secrets behind, pull_secrets_options options)
    : core_(std::make_shared<core>(std::move(reads), std::move(control), time, std::move(behind), std::move(options))) {
}

pull_secrets::~pull_secrets() {
  asio::post(core_->executor(), [c = core_] { c->cancel(); });
}

bool pull_secrets::reads_pull_secrets(const tenant& owner) const { return !core_->needs_no_reads(owner); }

std::shared_ptr<credential_source> pull_secrets::held(const tenant& owner) {
  if (auto out = core_->held(owner)) return out;
  return core_->needs_no_reads(owner) ? core_->make_without_reads(owner) : nullptr;
}

std::shared_ptr<credential_source> pull_secrets::held_in_use(const tenant& owner) {
  bool is_due = false;
  auto out = core_->held(owner, &is_due);
  const bool needs_no_reads = (is_due || !out) && core_->needs_no_reads(owner);
  if (is_due && !needs_no_reads)
    asio::post(core_->executor(),
               [all = core_, owner] { all->read(owner, all->read_limit(), [](const core::source&) {}); });
  return !out && needs_no_reads ? core_->make_without_reads(owner) : out;
}

awaitable<std::shared_ptr<credential_source>> pull_secrets::credentials_of(tenant owner, deadline d) {
  const std::shared_ptr<core> all = core_;
  if (auto out = held_in_use(owner)) co_return out;

  asio::any_io_executor home = co_await asio::this_coro::executor;
  thread_crossing crossing(std::move(home));
  const auto got = std::make_shared<core::source>();
  asio::post(all->executor(),
             [all, owner, limit = sooner(d, all->read_limit()), got, done = crossing.arrival()]() mutable {
               all->read(std::move(owner), limit, [got, done = std::move(done)](core::source made) {
                 *got = std::move(made);
                 done();
               });
             });
  const bool has_arrived = co_await crossing.wait();
  if (has_arrived) co_return std::move(*got);
  error reason{
      error_code::canceled, fmt::format("the read of the pull secrets of namespace {} was canceled", owner.ns), {}};
  co_return all->without_secrets(owner, std::move(reason));
}

}  // namespace pinhook::kube
