#include <pinhook/pipeline/fault_counts.hpp>

#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <string_view>
#include <tuple>

namespace pinhook::pipeline {

std::string nothing_written(const fault_counts& n) {
  std::string faults;
  for (const auto& [count, noun, fault] :
       {std::tuple<std::size_t, std::string_view, std::string_view>{n.unresolved, "image", "not resolved"},
        {n.refused, "image", "refused by rules"},
        {n.bad_files, "file", "invalid"}})
    if (count != 0) faults += fmt::format("{}{} {}", faults.empty() ? "" : ", ", counted_noun(count, noun), fault);
  return fmt::format("nothing is written: {}; use --keep-going to write the rest", faults);
}

std::string faults_of_rest(const fault_counts& n) {
  std::string out;
  if (n.unresolved != 0) out += fmt::format("; {} not resolved", n.unresolved);
  if (n.refused != 0) out += fmt::format("; {} refused by rules", n.refused);
  if (n.bad_files != 0) out += fmt::format("; {} invalid", counted_noun(n.bad_files, "file"));
  return out;
}

}  // namespace pinhook::pipeline
