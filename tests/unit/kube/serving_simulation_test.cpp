// A year of several replicas against one store: their clocks differ, their steps interleave at random, objects are
// deleted, wiped and damaged, the API fails. At every step each ready replica must be trusted by every view of
// the configuration that an API server may still have.
#include <pinhook/base/certificate.hpp>
#include <pinhook/kube/serving_decision.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

class skewed_clock final : public clock {
 public:
  steady_time now() const override { return steady_time(true_time); }
  wall_time wall() const override { return wall_time(1767225600s + true_time + skew); }
  seconds true_time{0};
  seconds skew{0};
};

// A day of settling replaces the minute of the real policy: the same proportions with fewer looks.
constexpr seconds check_interval = 6h;
constexpr seconds step = 30min;

serving_policy the_policy() {
  serving_policy out;
  out.names.dns_names = {"pinhook.pinhook.svc"};
  out.lifetime = 24h * 60;
  out.authority_lifetime = 24h * 200;
  out.settle = 24h;
  out.overlap = 24h * 6;
  return out;
}

struct store {
  std::optional<secret_data> secret;
  int secret_version = 0;
  std::string bundle;
  int bundle_version = 0;
  int writes = 0;
  bool is_down = false;
};

// A look in four steps, with other events between them.
struct replica {
  skewed_clock time;
  replica_memory memory;
  bool is_ready = false;
  seconds next_look{0};

  int at = 0;
  std::string bundle;
  int bundle_version = 0, secret_version = 0;
  std::optional<secret_data> secret;
  serving_decision decision;

  void advance(store& s, const serving_policy& policy) {
    if (at == 0 && time.true_time < next_look) return;
    if (s.is_down) return finish();
    switch (at++) {
      case 0:
        bundle = s.bundle;
        bundle_version = s.bundle_version;
        return;
      case 1: {
        secret = s.secret;
        secret_version = s.secret_version;
        serving_facts facts;
        facts.entries = read_bundles({{"enforce", bundle}, {"audit", bundle}});
        if (secret) facts.stored = parse_state(*secret);
        facts.now = time.wall();
        facts.steady = time.now();
        observe(memory, facts);
        decision = decide(facts, memory, policy);
        if (decision.serve) memory.served = decision.serve;
        memory.is_settled = decision.is_settled;
        if (!decision.bundles && !decision.state) is_ready = !decision.distrust, finish();
        return;
      }
      case 2:
        if (!decision.bundles || s.bundle_version != bundle_version) return;
        s.bundle = decision.bundles->bundle;
        ++s.bundle_version;
        ++s.writes;
        return;
      default:
        at = 0;
        if (!decision.state || s.secret_version != secret_version || s.secret.has_value() != secret.has_value()) return;
        s.secret = render_state(make_state(*decision.state, policy, time).value());
        ++s.secret_version;
        ++s.writes;
        return;
    }
  }
  void finish() {
    at = 0;
    next_look = time.true_time + check_interval;
  }
};

struct view {
  seconds until;  // the time until which an API server may have it
  std::string bundle;
};

enum class fault { none, delete_secret, wipe_bundle, foreign_bundle, damage_secret, outage, restart, wipe_all_memory };

class world {
 public:
  explicit world(unsigned seed) : random_(seed) {
    // The clocks differ by nearly as much as certificates are backdated.
    for (auto& r : replicas_) r.time.skew = seconds(static_cast<int>(random_() % 6600) - 3300);
    foreign_ =
        make_authority({.common_name = "foreign", .lifetime = 24h * 3650}, replicas_[0].time).value().certificate;
  }

  void run(seconds span) {
    seconds next_fault = 24h * 3;
    for (; now_ < span; now_ += step) {
      for (auto& r : replicas_) r.time.true_time = now_;
      store_.is_down = now_ < down_until_;
      if (now_ >= next_fault) {
        strike(static_cast<fault>(1 + random_() % 7));
        next_fault = now_ + 24h * (12 + random_() % 30);
      }
      for (int i = 0; i < 12; ++i) {
        auto& r = replicas_[random_() % replicas_.size()];
        const std::string before = store_.bundle;
        r.advance(store_, policy_);
        if (store_.bundle != before) remember(before);
        check(r);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
  int writes() const { return store_.writes; }
  int strikes() const { return strikes_; }
  int judged() const { return judged_; }

 private:
  void remember(const std::string& before) { views_.push_back({now_ + policy_.settle, before}); }

  void strike(fault f) {
    ++strikes_;
    last_ = f;
    struck_at_ = now_;
    const std::string before = store_.bundle;
    switch (f) {
      case fault::delete_secret:
        store_.secret.reset();
        break;
      case fault::wipe_bundle:
        store_.bundle.clear();
        break;
      case fault::foreign_bundle:
        store_.bundle = foreign_;
        break;
      case fault::damage_secret: {
        if (!store_.secret) break;
        auto it = std::next(store_.secret->begin(), static_cast<std::ptrdiff_t>(random_() % store_.secret->size()));
        it->second = secret(it->second.reveal().substr(0, random_() % 200));
        ++store_.secret_version;
        break;
      }
      case fault::outage:
        down_until_ = now_ + 24h * (1 + random_() % 4);
        break;
      case fault::restart:
        restart(replicas_[random_() % replicas_.size()]);
        break;
      case fault::wipe_all_memory:
        for (auto& r : replicas_) restart(r);
        break;
      case fault::none:
        break;
    }
    if (store_.bundle != before) {
      ++store_.bundle_version;
      // Calls that the fault itself breaks do not count: views from before the fault are checked, its own are not.
      remember(before);
      broken_ = store_.bundle;
    }
  }
  static void restart(replica& r) {
    const auto clock_before = r.time;
    r = replica{};
    r.time = clock_before;
  }

  void check(const replica& r) {
    std::erase_if(views_, [&](const view& v) { return v.until < now_; });
    const bool should_be_healed = now_ >= struck_at_ + 4 * check_interval && now_ >= down_until_ + 4 * check_interval;
    const bool waits = last_ == fault::delete_secret || last_ == fault::wipe_all_memory || last_ == fault::restart ||
                       last_ == fault::damage_secret || last_ == fault::none;
    if (should_be_healed && (!waits || now_ >= struck_at_ + 4 * check_interval + policy_.settle)) {
      ASSERT_TRUE(r.is_ready) << "not healed after fault " << static_cast<int>(last_) << " on day " << now_ / 24h
                              << ": " << r.decision.distrust.value_or("");
    }
    if (!r.is_ready || !r.memory.served) return;
    ++judged_;
    const wall_time real = wall_time(1767225600s + now_);
    const auto trusts = [&](const std::string& bundle) {
      return !distrust_of({r.memory.served->leaf}, read_bundles({{"enforce", bundle}}), real);
    };
    const std::string key = r.memory.served->leaf.fingerprint() + std::to_string(views_.size()) + store_.bundle;
    // The same question as at the last step has the same answer except for time, so it is repeated only now and then.
    std::string& last_key = last_keys_[static_cast<std::size_t>(&r - replicas_.data())];
    if (key == last_key && judged_ % 100 != 0) return;
    last_key = key;
    const auto holds = [&](const std::string& bundle) { return bundle.empty() || bundle == broken_ || trusts(bundle); };
    ASSERT_TRUE(holds(store_.bundle)) << "a call failed on day " << now_ / 24h << " after fault "
                                      << static_cast<int>(last_);
    for (const auto& v : views_)
      ASSERT_TRUE(holds(v.bundle)) << "a call failed under a stale view on day " << now_ / 24h << " after fault "
                                   << static_cast<int>(last_);
  }

  std::mt19937 random_;
  const serving_policy policy_ = the_policy();
  store store_;
  std::vector<replica> replicas_ = std::vector<replica>(3);
  std::deque<view> views_;
  std::string foreign_, broken_;
  std::vector<std::string> last_keys_ = std::vector<std::string>(3);
  seconds now_{0}, struck_at_{0}, down_until_{0};
  fault last_ = fault::none;
  int strikes_ = 0;
  int judged_ = 0;
};

TEST(ServingSimulation, NoCallFailsAndNobodyFightsForAYear) {
  constexpr int days = 365;
  world w(1);
  w.run(24h * days);
  if (HasFailure()) return;
  EXPECT_GT(w.judged(), 10000);
  // Each fault or rotation costs a few writes: state and bundle, the leaf once settled, the old authority's leaving.
  constexpr int rotations = days / 40 + days / 133 + 2;
  EXPECT_LE(w.writes(), 6 * (w.strikes() + rotations));
}

}  // namespace
}  // namespace pinhook::kube
