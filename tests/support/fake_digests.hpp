// Digests for commands, from a table; records the references that were asked for.
//
//   fake_digests digests;
//   digests.holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
//   digests.fails("ghcr.io/acme/api:v2", {error_code::denied, "ghcr.io/acme/api:v2 is not to be had", {}});
//   … EXPECT_EQ(digests.asked(), (std::vector<std::string>{"docker.io/library/nginx:1.25"}));
//
// One thread.
#pragma once

#include "support/fake_resolver.hpp"

#include <pinhook/access/command_digests.hpp>
#include <pinhook/pipeline/digest_map.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

class fake_digests final : public access::digest_source {
 public:
  /// By canonical reference.
  void holds(const std::string& canonical, registry::digest d) { table_.insert_or_assign(canonical, std::move(d)); }
  void fails(const std::string& canonical, error e) { table_.insert_or_assign(canonical, fail(std::move(e))); }

  /// A reference that the test did not set is not_found.
  std::vector<result<registry::digest>> find(const std::vector<registry::reference>& refs) override {
    ++calls_;
    std::vector<result<registry::digest>> out;
    for (const auto& ref : refs) {
      if (std::ranges::find(asked_, ref.canonical()) == asked_.end()) asked_.push_back(ref.canonical());
      const auto found = table_.find(ref.canonical());
      if (found != table_.end())
        out.push_back(found->second);
      else
        out.push_back(fail(error_code::not_found, ref.written() + " is not in the table of the test"));
    }
    return out;
  }

  /// `find`, for a run: nothing is asked when it wants nothing.
  pipeline::digest_map answers(const std::vector<registry::reference>& refs) {
    pipeline::digest_map out;
    if (refs.empty()) return out;
    auto found = find(refs);
    for (std::size_t i = 0; i < refs.size(); ++i) out.emplace(refs[i].canonical(), std::move(found[i]));
    return out;
  }

  /// Every canonical reference that was asked for, once, in the order of its first time.
  [[nodiscard]] const std::vector<std::string>& asked() const { return asked_; }
  /// The number of calls of `find`.
  [[nodiscard]] std::size_t calls() const { return calls_; }

 private:
  std::map<std::string, result<registry::digest>> table_;
  std::vector<std::string> asked_;
  std::size_t calls_ = 0;
};

}  // namespace pinhook::testing
