#include <pinhook/resolve/resolver.hpp>

#include <pinhook/registry/anonymous_identity.hpp>
#include <pinhook/resolve/observer.hpp>

#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <utility>

namespace pinhook::resolve {

std::string identity_of(const query& q) {
  return q.credentials ? q.credentials->identity_for(q.ref) : registry::anonymous_identity();
}

std::string subject_of(const query& q) {
  if (!q.document) return q.ref.canonical();
  constexpr std::array<std::string_view, 4> kinds{"manifest", "blob", "referrers", "trust file"};
  // No reference holds a space.
  return fmt::format("{} {} {}", q.ref.canonical(), kinds.at(static_cast<std::size_t>(q.document->of)),
                     q.document->name);
}

awaitable<result<registry::document>> resolver::read(query q, deadline d) {
  std::vector<query> one;
  one.push_back(std::move(q));
  auto answers = co_await resolve(std::move(one), d);
  if (!answers.front()) co_return fail(std::move(answers.front().error()));
  if (!answers.front()->document) co_return fail(error_code::internal, "the answer has no document");
  co_return *answers.front()->document;
}

std::string_view to_string(origin from) noexcept {
  switch (from) {
    case origin::cache:
      return "cache";
    case origin::stale:
      return "stale";
    case origin::registry:
      return "registry";
    case origin::lock:
      return "lock";
  }
  return "registry";
}

std::string_view to_string(cache_event event) noexcept {
  switch (event) {
    case cache_event::fresh:
      return "fresh";
    case cache_event::negative:
      return "negative";
    case cache_event::stale:
      return "stale";
    case cache_event::miss:
      return "miss";
  }
  return "miss";
}

}  // namespace pinhook::resolve
