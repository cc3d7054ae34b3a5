// An AdmissionReview in, a verdict out: decode → plan (pin) → look up (resolve, verify) → patch → encode.
#pragma once

#include <pinhook/admission/lookup_allowance.hpp>
#include <pinhook/admission/proof_source.hpp>
#include <pinhook/admission/rulebook.hpp>
#include <pinhook/admission/verdict.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/compute_thread.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/shared_value.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/tenant_credentials.hpp>
#include <pinhook/resolve/resolver.hpp>
#include <pinhook/resolve/tag_moves.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {

struct inquiry;

/// Images and bytes up to which a review is worked on by the thread that received it; a larger one goes to the thread
/// for large reviews, where there is one. The way there and back costs some 20 µs. 64 images take some 130 µs, 1,000 of
/// them 2 ms; a Pod has a few. 256 KiB take some 100 µs; a Pod or a Deployment has 5 to 15 KiB.
inline constexpr std::size_t max_small_images = 64;
inline constexpr std::size_t max_small_body = std::size_t{256} * 1024;
/// Images up to which an object is read by the thread that received it, so that the other need not read it again: that
/// is a quarter of the work on an image.
inline constexpr std::size_t max_read_images = 4 * max_small_images;

class handler {
 public:
  /// `resolver` and `tenants` are shared; both outlive the calls under way. `book` is never null. `large`, the thread
  /// for large reviews, outlives the calls, too; null: they are worked on by the thread that received them.
  /// `signatures`, which answers what rules ask of verifiers, is shared, too; null: nothing is answered. `time`, which
  /// cooldowns go by, outlives the handler.
  handler(std::shared_ptr<resolve::resolver> resolver, std::shared_ptr<registry::tenant_credentials> tenants,
          std::shared_ptr<const rulebook> book, compute_thread* large = nullptr,
          std::shared_ptr<proof_source> signatures = nullptr, const clock& time = machine_clock());

  /// Any thread. Requests that come from now on are answered by `book`; those under way by the one they began with.
  void use(std::shared_ptr<const rulebook> book);
  /// The same for what is known of moved tags; nothing until then.
  void use(std::shared_ptr<const resolve::tag_moves> moves);

  /// Any thread. Answers by `d`. `body` must stay valid until completion, with 32 readable bytes behind it. A large
  /// review waits for its thread, in turns with the large reviews of other namespaces. When its turn comes after `d`,
  /// or too many wait, the mode decides about it: a denial with code 504 or 503, or an answer with a warning. Where the
  /// uid is not before the objects, this is HTTP 504 or 503.
  /// `allowed`: null where look-ups are not limited; it must stay valid, too.
  awaitable<verdict> handle(std::string_view body, pin::mode mode, deadline d,
                            lookup_allowance* allowed = nullptr) const;

 private:
  awaitable<result<inquiry>> prepare_aside(std::string account, std::function<result<inquiry>()> plan,
                                           deadline d) const;
  awaitable<verdict> compose_aside(inquiry about, pin::mode mode, const rulebook& book,
                                   std::vector<result<resolve::answer>> answers) const;
  awaitable<std::vector<result<resolve::answer>>> look_up(
      const inquiry& about, const std::vector<std::shared_ptr<registry::credential_source>>& sources, deadline d,
      lookup_allowance* allowed, std::size_t first = 0) const;
  awaitable<void> look_up_before(inquiry& about, const rulebook& book,
                                 const std::vector<std::shared_ptr<registry::credential_source>>& sources, deadline d,
                                 lookup_allowance* allowed, std::vector<result<resolve::answer>>& answers) const;
  /// True when the tenant's secrets must not be read for this caller.
  [[nodiscard]] bool exceeds(lookup_allowance* allowed, const registry::tenant& owner) const;

  awaitable<void> check_proofs(inquiry& about, const rulebook& book,
                               std::vector<std::shared_ptr<registry::credential_source>>& sources, deadline d,
                               lookup_allowance* allowed, std::vector<result<resolve::answer>>& answers,
                               bool is_large) const;
  bool are_all_kept(inquiry& about, const rulebook& book,
                    std::vector<std::shared_ptr<registry::credential_source>>& sources) const;
  bool take_kept(inquiry& about, const rulebook& book,
                 const std::vector<std::shared_ptr<registry::credential_source>>& sources, std::uint64_t by,
                 steady_time now, steady_time* until = nullptr) const;
  void vouch(inquiry& about, const rulebook& book,
             const std::vector<std::shared_ptr<registry::credential_source>>& sources,
             const std::vector<result<resolve::answer>>& answers, std::uint64_t by) const;
  awaitable<void> verify(inquiry& about, std::vector<std::shared_ptr<registry::credential_source>>& sources, deadline d,
                         lookup_allowance* allowed) const;

  std::shared_ptr<resolve::resolver> resolver_;
  std::shared_ptr<registry::tenant_credentials> tenants_;
  std::shared_ptr<proof_source> signatures_;
  shared_value<const rulebook> book_;
  shared_value<const resolve::tag_moves> moves_;
  const clock& time_;
  compute_thread* const large_;
};

}  // namespace pinhook::admission
