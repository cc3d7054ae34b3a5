// A resolver with the answers that a test gives it.
//
//   fake_resolver tags;
//   tags.holds("docker.io/library/nginx:1.25", digest_of_a);
//   tags.fails("ghcr.io/acme/api:v2", {error_code::denied, "…", {}});
//   … EXPECT_EQ(tags.asked(), (std::vector<std::string>{"docker.io/library/nginx:1.25"}));
#pragma once

#include <pinhook/resolve/resolver.hpp>

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

/// The digest whose 64 digits repeat `digit` ("a" → sha256:aaaa…).
inline registry::digest digest_of_digit(char digit) {
  return registry::digest::parse("sha256:" + std::string(64, digit)).value();
}

/// Any thread.
class fake_resolver final : public resolve::resolver {
 public:
  struct record {
    std::string canonical;
    resolve::freshness want;
    std::string identity;
    deadline limit;
    std::string owner;
  };

  void holds(const std::string& canonical, registry::digest d, resolve::origin from = resolve::origin::registry) {
    const std::lock_guard lock(guard_);
    answers_.insert_or_assign(canonical, result<resolve::answer>(resolve::answer{std::move(d), from}));
  }
  void answers(const std::string& canonical, resolve::answer a) {
    const std::lock_guard lock(guard_);
    answers_.insert_or_assign(canonical, result<resolve::answer>(std::move(a)));
  }
  void fails(const std::string& canonical, error e) {
    const std::lock_guard lock(guard_);
    answers_.insert_or_assign(canonical, result<resolve::answer>(fail(std::move(e))));
  }
  /// The answer of `known`; independent of those of `resolve`.
  void knows(const std::string& canonical, registry::digest d) {
    const std::lock_guard lock(guard_);
    known_.insert_or_assign(canonical, std::move(d));
  }

  /// A reference that the test did not set is not_found.
  awaitable<std::vector<result<resolve::answer>>> resolve(std::vector<resolve::query> queries, deadline d) override {
    const std::lock_guard lock(guard_);
    std::vector<result<resolve::answer>> out;
    for (const resolve::query& q : queries) {
      const std::string& name = q.ref.canonical();
      queries_.push_back({name, q.want, q.credentials ? q.credentials->identity_for(q.ref) : "anonymous", d, q.owner});
      const auto found = answers_.find(name);
      if (found != answers_.end()) {
        out.push_back(found->second);
        const auto kept = kept_.find(name);
        if (out.back() && kept != kept_.end() && kept->second.first == out.back()->digest)
          out.back()->vouched = kept->second.second;
      } else {
        out.push_back(fail(error_code::not_found, "the fake resolver does not hold " + name));
      }
    }
    co_return out;
  }

  [[nodiscard]] std::optional<registry::digest> known(const resolve::query& q) const override {
    const std::lock_guard lock(guard_);
    const auto found = known_.find(q.ref.canonical());
    if (found == known_.end()) return std::nullopt;
    return found->second;
  }

  void keep(const resolve::query& q, const registry::digest& d, const resolve::vouch& v) override {
    const std::lock_guard lock(guard_);
    kept_.insert_or_assign(q.ref.canonical(), std::pair(d, v));
  }
  /// The names beside whose digests something is kept.
  [[nodiscard]] std::vector<std::string> kept() const {
    const std::lock_guard lock(guard_);
    std::vector<std::string> out;
    for (const auto& [name, one] : kept_) out.push_back(name);
    return out;
  }

  /// Every query of every call, in order.
  [[nodiscard]] std::vector<record> queries() const {
    const std::lock_guard lock(guard_);
    return queries_;
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const record& r : queries()) out.push_back(r.canonical);
    return out;
  }

 private:
  mutable std::mutex guard_;
  std::map<std::string, result<resolve::answer>> answers_;
  std::map<std::string, registry::digest> known_;
  std::map<std::string, std::pair<registry::digest, resolve::vouch>> kept_;
  std::vector<record> queries_;
};

}  // namespace pinhook::testing
