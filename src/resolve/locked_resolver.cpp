#include <pinhook/resolve/locked_resolver.hpp>

#include <fmt/core.h>

#include <atomic>
#include <cstddef>
#include <utility>

namespace pinhook::resolve {
namespace {

using held_lock = std::shared_ptr<const image_lock>;

const locked_image* find_in(const held_lock& lock, const registry::reference& ref) {
  return lock == nullptr || ref.is_pinned() ? nullptr : lock->find(ref.canonical());
}

error not_locked(const registry::reference& ref) {
  return {error_code::not_found, fmt::format("{} is not in the lock file", ref.canonical()), {}, remedy::lock_file};
}

}  // namespace

locked_resolver::locked_resolver(std::shared_ptr<resolver> behind, bool must_hold)
    : behind_(std::move(behind)), must_hold_(must_hold) {}

locked_resolver::~locked_resolver() = default;

void locked_resolver::use(held_lock lock) { lock_.store(std::move(lock)); }

awaitable<std::vector<result<answer>>> locked_resolver::resolve(std::vector<query> queries, deadline d) {
  std::vector<result<answer>> out;
  out.reserve(queries.size());
  std::vector<query> left;
  std::vector<std::size_t> places;
  {
    // One lock for all of a request's images, even when another is put in place meanwhile.
    const held_lock lock = lock_.load();
    for (query& q : queries) {
      if (const locked_image* held = find_in(lock, q.ref)) {
        out.emplace_back(answer{held->digest, origin::lock});
        continue;
      }
      out.emplace_back(fail(not_locked(q.ref)));
      if (must_hold_ && !q.ref.is_pinned()) continue;
      places.push_back(out.size() - 1);
      left.push_back(std::move(q));
    }
  }
  if (left.empty()) co_return out;
  auto answers = co_await behind_->resolve(std::move(left), d);
  for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = std::move(answers[i]);
  co_return out;
}

std::optional<registry::digest> locked_resolver::known(const query& q) const {
  const held_lock lock = lock_.load();
  if (const locked_image* held = find_in(lock, q.ref)) return held->digest;
  return behind_->known(q);
}

bool locked_resolver::is_held(const query& q) const {
  const bool is_answered_here = must_hold_ && !q.ref.is_pinned();
  return is_answered_here || find_in(lock_.load(), q.ref) != nullptr || behind_->is_held(q);
}

void locked_resolver::keep(const query& q, const registry::digest& d, const vouch& v) {
  if (find_in(lock_.load(), q.ref) == nullptr) behind_->keep(q, d, v);
}

}  // namespace pinhook::resolve
