#include <pinhook/trust/tuf_fault.hpp>

#include <fmt/core.h>

#include <array>
#include <cstddef>

namespace pinhook::trust {
namespace {

struct fault_row {
  error_code code;
  std::string_view remedy;
};

// In the order of the enumeration.
constexpr std::array<fault_row, 7> fault_rows{{
    {error_code::denied,
     "the copy was altered, or the root file is another repository's: compare it with the "
     "one that its publisher gives, and try another mirror"},
    {error_code::denied,
     "an old copy is served, or its signers are late: check the address and the clock, and try another mirror"},
    {error_code::denied,
     "an old copy is served: try another mirror; if the repository was really begun again, remove the stored files"},
    {error_code::denied, "the copy is incomplete or was altered: try again, or another mirror"},
    {error_code::malformed, "check that the address is that of a TUF 1.0 repository"},
    {error_code::not_found, "the copy is incomplete, or the address is not that of a TUF 1.0 repository"},
    {error_code::invalid_input, "remove the stored files to begin again from the root file"},
}};

const fault_row& row_of(tuf_fault fault) { return fault_rows[static_cast<std::size_t>(fault)]; }

}  // namespace

std::unexpected<error> refuse(tuf_fault fault, std::string_view name, std::string_view role, std::string_view reason) {
  const fault_row& row = row_of(fault);
  return fail(row.code, fmt::format("{} (role {}): it {}; {}", quoted(name), role, reason, row.remedy));
}

std::string_view remedy_of(tuf_fault fault) { return row_of(fault).remedy; }

}  // namespace pinhook::trust
