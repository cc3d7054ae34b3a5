// Answers rules' questions about signatures for the webhook: from its cache, else by reading what lies beside the image
// and judging it.
//
//   proof_resolver proofs(control.get_executor(), resolver, judging, machine_clock(), &seen, {});
//   proofs.use(verifiers);
//   auto answers = co_await proofs.prove(std::move(queries), d);      // on any thread
//
// A query whose answers are all held is answered on its own thread. The others go to the look-up thread. There the
// documents beside an image are read once for all verifiers, through the resolver, so that the places in line, the
// rests and the fairness between namespaces of look-ups count for them too. They are judged on `judging`, in turns
// between namespaces: what lies beside an image comes from whoever may push there.
//
// Equal queries of one namespace share one look-up; those of others share its documents while they are read, but wait
// on their own account.
#pragma once

#include <pinhook/admission/proof_source.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/compute_thread.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/shared_value.hpp>
#include <pinhook/proofs/verdict_cache.hpp>
#include <pinhook/resolve/resolver.hpp>
#include <pinhook/signatures/finder.hpp>
#include <pinhook/signatures/verifier.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::proofs {

/// failed: neither accepted nor refused, since something could not be looked up.
enum class proof_outcome : std::uint8_t { accepted, refused, failed };
[[nodiscard]] std::string_view to_string(proof_outcome o) noexcept;

/// Called on the look-up thread; must not block.
class proof_observer {
 public:
  virtual ~proof_observer() = default;
  /// A question was answered by a look-up, not from the cache. Verifiers are those of the configuration.
  virtual void proved(std::string_view verifier, proof_outcome outcome) = 0;
};

/// Makes the reader of trust files of the image's repository at a Notary server. Errors: its URL is invalid.
using trust_reader = std::function<result<signatures::document_reader>(const registry::reference&, const std::string&)>;

struct proof_options {
  verdict_options cache;
  /// The time of a look-up; longer than the deadlines of those who wait, so that its answer is there for the next.
  std::chrono::nanoseconds limit = std::chrono::seconds(30);
  /// Look-ups under way. A namespace may begin one while it has fewer than are free, so that no flood of one takes all.
  std::size_t most = 4'096;
  /// Of one request.
  std::size_t most_of_request = 32;
  /// For verifiers of Docker Content Trust; null: they cannot be asked. Called on the look-up thread.
  trust_reader trust_files = {};
};

using verifier_list = std::vector<signatures::verifier>;

class proof_resolver final : public admission::proof_source {
 public:
  /// `lookups`: the executor of the look-up thread, where `reads` may be used; `judging`, `time` and `watch` (may be
  /// null) outlive every look-up: call `stop` first. Until `use` there are no verifiers.
  proof_resolver(asio::any_io_executor lookups, std::shared_ptr<resolve::resolver> reads, compute_thread& judging,
                 const clock& time, proof_observer* watch, proof_options options = {});
  ~proof_resolver() override;

  /// Any thread. Queries that come from now on are answered by these.
  void use(std::shared_ptr<const verifier_list> verifiers);

  awaitable<std::vector<rules::proofs>> prove(std::vector<admission::proof_query> queries, deadline d) override;
  [[nodiscard]] rules::proofs known(const admission::proof_query& q) const override;
  [[nodiscard]] std::uint64_t generation() const override;
  [[nodiscard]] std::optional<steady_time> held_until(const admission::proof_query& q) const override;
  void keep(const admission::proof_query& q, const resolve::vouch& v) override;
  [[nodiscard]] resolve::vouch kept(const registry::reference& image, const registry::credential_source& credentials,
                                    std::string_view owner) const override;
  void keep(const admission::image_group& all, std::string_view owner, const resolve::vouch& v) override;
  [[nodiscard]] resolve::vouch kept(const admission::image_group& all, std::string_view owner) const override;

  /// Look-up thread. Ends the look-ups under way; from then on only the cache answers.
  void stop();

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace pinhook::proofs
