// `pinhook explain REFERENCE`: how an image reference is understood and how it would be looked up. Pure; any
// thread.
#pragma once

#include <pinhook/access/access_report.hpp>
#include <pinhook/pipeline/rule_report.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

enum class output_format : std::uint8_t { text, json };

/// The output of the command and its exit code.
struct explanation {
  std::string out;
  std::string err;
  int exit_code = 0;
};

/// A valid reference: on standard output, 0. An invalid one: the problem and its position, 2; as text on standard
/// error, as JSON on standard output. The JSON object has the keys reference, registry, host, repository, tag, digest,
/// canonical, error; an absent value is null. "tag" is the effective tag: "latest" when neither tag nor digest was
/// written. `report` is appended when given, and the exit code is 3 when the look-up was tried and failed; `matches`
/// adds the rules that match the reference, in JSON as "rules"; `verdicts` what they make of its signatures, in JSON as
/// "signatures", with the exit code 3 when that is not known.
[[nodiscard]] explanation explain(std::string_view reference, output_format format,
                                  const access::access_report* report = nullptr,
                                  const std::vector<pipeline::rule_match>* matches = nullptr,
                                  const std::vector<pipeline::rule_verdict>* verdicts = nullptr);

/// The rows of the text for a terminal: one that is wider goes on below its value. 0: as they are.
[[nodiscard]] std::string wrapped_rows(std::string_view rows, std::size_t width);

}  // namespace pinhook::cli
