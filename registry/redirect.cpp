#include <pinhook/registry/redirect.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pinhook::registry {

bool is_redirect(int status) {
  constexpr std::array statuses{301, 302, 303, 307, 308};
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

result<redirect_target> next_hop(const web_url& from, const http::response& r, int made) {
  const std::string host = from.where().authority();
  if (made >= max_redirects)
    return fail(error_code::malformed, fmt::format("{} redirects again after {} redirects", host, made));
  const auto locations = http::find_headers(r.headers, "Location");
  if (locations.size() != 1)
    return fail(error_code::malformed,
                fmt::format("{} redirects ({}) with {} Location headers", host, r.status, locations.size()));
  auto to = from.join(locations.front());
  // Only the host goes into the message: the query of a signed URL is a credential.
  if (!to)
    return fail(error_code::malformed,
                fmt::format("{} redirects ({}) to something that is not an http or https URL", host, r.status));
  const origin& next = to->where();
  if (next.scheme == "http" && (from.where().scheme != "http" || from.where().host != next.host))
    return fail({error_code::denied,
                 fmt::format("{} redirects to plain HTTP at {}, which is not followed", host, next.authority()),
                 std::nullopt, remedy::other_source});
  const bool same = next == from.where();
  return redirect_target{std::move(*to), same};
}

}  // namespace pinhook::registry
