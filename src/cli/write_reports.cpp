#include <pinhook/cli/write_reports.hpp>

#include <pinhook/access/run_to_end.hpp>
#include <pinhook/access/write_policy_reports.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/cli/messages.hpp>

#include <fmt/core.h>

#include <chrono>
#include <utility>

namespace pinhook::cli {
namespace {

// A write takes some 10 ms.
constexpr std::chrono::minutes reports_limit{5};

}  // namespace

bool write_reports(cluster_session& session, const fleet::report& r, const cluster_arguments& options,
                   const std::vector<access::fleet_trouble>& troubles) {
  constexpr std::string_view name = "report --write-reports";
  access::report_writing request{.of = &r};
  if (!options.all_namespaces)
    for (const auto& [ns, state] : r.namespaces) request.namespaces.push_back(ns);
  for (const auto& one : troubles) request.unread.insert(one.ns);
  const auto done = access::run_to_end(
      session.io(), access::write_policy_reports(session.connection(), std::move(request),
                                                 deadline::after(machine_clock().now(), reports_limit)));
  if (!done) {
    say(name, done.error().message);
    return false;
  }
  for (const auto& one : done->troubles) say(name, one);
  if (!options.quiet)
    say(name, fmt::format("{} of {} written, {} removed", counted_noun(done->written, done->kind.kind),
                          done->kind.group, done->removed));
  return done->troubles.empty();
}

}  // namespace pinhook::cli
