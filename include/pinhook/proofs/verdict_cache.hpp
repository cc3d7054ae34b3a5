// What verifiers said about images, held for a while: good answers long, since a digest never has other bytes; others
// shortly, since people sign and try again.
//
//   verdict_cache held({.accepted_for = 24h});
//   if (auto known = held.find(key, now)) …
//
// The key names the image, the question, the verifier as it was (verifier::content) and the identity of the
// credentials, so that a changed verifier, or another tenant, finds nothing. Failed look-ups are never held.
//
// Any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/rules/proof.hpp>
#include <pinhook/signatures/verdict_options.hpp>

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace pinhook::proofs {

using signatures::verdict_options;

class verdict_cache {
 public:
  explicit verdict_cache(verdict_options options = {}) : options_(options) {}

  [[nodiscard]] std::optional<rules::proof> find(const std::string& key, steady_time now);
  /// When `find` will have forgotten it; none: it has. No use is counted.
  [[nodiscard]] std::optional<steady_time> until(const std::string& key, steady_time now) const;
  /// `on_wall`: the same moment as `now`; an acceptance ends when what it rests on does (proof::good_until).
  void store(const std::string& key, rules::proof answer, steady_time now, wall_time on_wall);
  [[nodiscard]] std::size_t size() const;

 private:
  [[nodiscard]] steady_time end_of(const rules::proof& answer, steady_time now, wall_time on_wall) const;
  struct entry {
    rules::proof answer;
    steady_time until{};
    std::list<std::string>::iterator place;
  };
  // The newest use is in front.
  struct part {
    std::unordered_map<std::string, entry> held;
    std::list<std::string> by_use;

    void drop(const std::string& key);
  };
  [[nodiscard]] static std::optional<rules::proof> find_in(part& in, const std::string& key, steady_time now);

  const verdict_options options_;
  mutable std::mutex guard_;
  part accepted_, refused_;
};

}  // namespace pinhook::proofs
