// A source of proofs with the answers that a test gives it.
//
//   fake_proofs signatures;
//   signatures.accepts("acme", digest_of_digit('a'));
//   signatures.refuses("acme", digest_of_digit('b'), {"key sha256:ab: it was not made by the key"});
//   signatures.fails(digest_of_digit('c'), {error_code::unavailable, "…", {}});
#pragma once

#include <pinhook/admission/proof_source.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

/// Any thread. A digest that the test did not set has no signature.
class fake_proofs final : public admission::proof_source {
 public:
  struct record {
    std::string image, tag, identity, owner;
    std::vector<rules::proof_question> questions;
    deadline limit = deadline::never();
  };

  void accepts(const std::string& verifier, const registry::digest& d) {
    const std::lock_guard lock(guard_);
    answers_[{d.to_string(), verifier}] = rules::proof{.is_given = true, .seen = 1};
  }
  void refuses(const std::string& verifier, const registry::digest& d, std::vector<std::string> reasons) {
    const std::lock_guard lock(guard_);
    const std::size_t seen = reasons.size();
    answers_[{d.to_string(), verifier}] = rules::proof{false, seen, std::move(reasons)};
  }
  /// Of Content Trust: `instead` is signed for the tag, and not `d`.
  void names(const std::string& verifier, const registry::digest& d, const registry::digest& instead) {
    const std::lock_guard lock(guard_);
    answers_[{d.to_string(), verifier}] =
        rules::proof{.seen = 1, .reasons = {"another digest is signed"}, .signed_digest = instead.to_string()};
  }
  void fails(const registry::digest& d, error e) {
    const std::lock_guard lock(guard_);
    failures_.insert_or_assign(d.to_string(), std::move(e));
  }
  /// `known` has the answers for it.
  void holds(const registry::digest& d) {
    const std::lock_guard lock(guard_);
    held_.insert(d.to_string());
  }

  /// The verifiers are others, of this number; answers are held until then. Without it they are not held.
  void are(std::uint64_t generation, steady_time until) {
    const std::lock_guard lock(guard_);
    generation_ = generation;
    until_ = until;
  }
  [[nodiscard]] std::uint64_t generation() const override {
    const std::lock_guard lock(guard_);
    return generation_;
  }
  [[nodiscard]] std::optional<steady_time> held_until(const admission::proof_query& q) const override {
    const std::lock_guard lock(guard_);
    return failures_.contains(q.image.digest()->to_string()) ? std::nullopt : std::optional(until_);
  }

  void keep(const admission::proof_query& q, const resolve::vouch& v) override {
    const std::lock_guard lock(guard_);
    kept_.insert_or_assign(q.image.written() + "\n" + q.credentials->identity_for(q.image), v);
  }
  [[nodiscard]] resolve::vouch kept(const registry::reference& image, const registry::credential_source& credentials,
                                    std::string_view) const override {
    const std::lock_guard lock(guard_);
    const auto found = kept_.find(image.written() + "\n" + credentials.identity_for(image));
    return found == kept_.end() ? resolve::vouch() : found->second;
  }

  void keep(const admission::image_group& all, std::string_view, const resolve::vouch& v) override {
    const std::lock_guard lock(guard_);
    groups_.insert_or_assign({std::string(all.images), all.credentials}, v);
  }
  [[nodiscard]] resolve::vouch kept(const admission::image_group& all, std::string_view) const override {
    const std::lock_guard lock(guard_);
    const auto found = groups_.find({std::string(all.images), all.credentials});
    return found == groups_.end() ? resolve::vouch() : found->second;
  }

  awaitable<std::vector<rules::proofs>> prove(std::vector<admission::proof_query> queries, deadline d) override {
    const std::lock_guard lock(guard_);
    std::vector<rules::proofs> out;
    for (const admission::proof_query& q : queries) {
      queries_.push_back(
          {q.image.canonical(), q.image.tag(), q.credentials->identity_for(q.image), q.owner, q.questions, d});
      out.push_back(answers_to(q));
    }
    co_return out;
  }

  [[nodiscard]] rules::proofs known(const admission::proof_query& q) const override {
    const std::lock_guard lock(guard_);
    return held_.contains(q.image.digest()->to_string()) ? answers_to(q) : rules::proofs();
  }

  /// Every query of `prove`, in order.
  [[nodiscard]] std::vector<record> queries() const {
    const std::lock_guard lock(guard_);
    return queries_;
  }

 private:
  [[nodiscard]] rules::proofs answers_to(const admission::proof_query& q) const {
    rules::proofs out;
    const std::string digest = q.image.digest()->to_string();
    const auto failed = failures_.find(digest);
    for (const rules::proof_question& one : q.questions) {
      const auto found = answers_.find({digest, one.verifier});
      if (failed != failures_.end())
        out.emplace(one, fail(failed->second));
      else
        out.emplace(one, found == answers_.end() ? rules::proof() : found->second);
    }
    return out;
  }

  mutable std::mutex guard_;
  std::map<std::pair<std::string, std::string>, rules::proof> answers_;
  std::map<std::string, error> failures_;
  std::set<std::string> held_;
  std::vector<record> queries_;
  std::map<std::string, resolve::vouch> kept_;
  std::map<std::pair<std::string, std::array<std::uint64_t, 2>>, resolve::vouch> groups_;
  std::uint64_t generation_ = 0;
  steady_time until_{};
};

}  // namespace pinhook::testing
