// The world of a golden case: anonymous credentials, and a resolver that answers from the case's table, at once, and
// records its queries.
#pragma once

#include "support/review_case.hpp"

#include <pinhook/resolve/resolver.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

inline error_code code_of(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(error_code::internal); ++i)
    if (to_string(static_cast<error_code>(i)) == name) return static_cast<error_code>(i);
  ADD_FAILURE() << "no error code " << name;
  return error_code::internal;
}

class anonymous_credentials final : public registry::credential_source {
 public:
  [[nodiscard]] std::string identity_for(const registry::reference&) const override { return "anonymous"; }
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference, deadline) override {
    co_return std::vector<registry::credential>{};
  }
};

class scripted_resolver final : public resolve::resolver {
 public:
  explicit scripted_resolver(const review_case& c) : case_(c) {}

  awaitable<std::vector<result<resolve::answer>>> resolve(std::vector<resolve::query> queries, deadline) override {
    std::vector<result<resolve::answer>> out;
    for (const auto& q : queries) out.push_back(answer(q));
    co_return out;
  }

  [[nodiscard]] std::optional<registry::digest> known(const resolve::query& q) const override {
    const auto entry = case_.known.find(q.ref.canonical());
    if (entry == case_.known.end()) return std::nullopt;
    return registry::digest::parse(entry->second).value();
  }

  /// Canonical references, sorted, each once.
  [[nodiscard]] std::vector<std::string> asked() const { return {asked_.begin(), asked_.end()}; }
  [[nodiscard]] bool all_past_cache() const { return !asked_.empty() && cached_ == 0; }
  [[nodiscard]] bool any_past_cache() const { return refreshed_ != 0; }

 private:
  result<resolve::answer> answer(const resolve::query& q) {
    const auto& name = q.ref.canonical();
    asked_.insert(name);
    ++(q.want == resolve::freshness::refreshed ? refreshed_ : cached_);
    EXPECT_FALSE(q.ref.is_pinned()) << "asked for " << name << ", which has a digest";
    EXPECT_TRUE(q.credentials != nullptr) << "asked for " << name << " without credentials";
    const auto entry = case_.registry.find(name);
    if (entry == case_.registry.end() && case_.every_image.empty()) {
      ADD_FAILURE() << "asked for " << name << ", which the case does not know";
      return fail(error_code::not_found, "not in the case");
    }
    const auto scripted = entry == case_.registry.end() ? scripted_answer{.digest = case_.every_image} : entry->second;
    if (!scripted.error.empty()) return fail(code_of(scripted.error), scripted.message);
    const auto from = scripted.from == "cache"   ? resolve::origin::cache
                      : scripted.from == "stale" ? resolve::origin::stale
                                                 : resolve::origin::registry;
    return resolve::answer{registry::digest::parse(scripted.digest).value(), from};
  }

  const review_case& case_;
  std::set<std::string> asked_;
  int refreshed_ = 0;
  int cached_ = 0;
};

}  // namespace pinhook::testing
