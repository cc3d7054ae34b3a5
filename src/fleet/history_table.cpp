#include <pinhook/fleet/history_table.hpp>

#include <pinhook/base/printable.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/registry/digest.hpp>

#include <fmt/core.h>

namespace pinhook::fleet {

std::string history_table(const std::vector<store::tag_move>& moves, const std::vector<store::past_finding>& findings) {
  std::string out;
  for (const auto& one : moves)
    out += fmt::format("{}{}  {}  {} -> {}{}\n", out.empty() ? "\nMOVED TAGS\n" : "", timestamp_text(one.at),
                       printable(one.reference), printable(registry::shorten_digest(one.before)),
                       printable(registry::shorten_digest(one.after)),
                       one.change.empty() ? "" : "  " + printable(one.change));
  std::string resolved;
  for (const auto& one : findings)
    if (one.resolved)
      resolved += fmt::format("{}{}  {}  {}/{}  {}  {}  since {}\n", resolved.empty() ? "\nRESOLVED\n" : "",
                              timestamp_text(*one.resolved), printable(one.use.ns), printable(one.use.owner),
                              printable(one.use.container), printable(one.times.kind),
                              printable(registry::shorten_digest(one.use.image)), timestamp_text(one.times.first_seen));
  return out + resolved;
}

}  // namespace pinhook::fleet
