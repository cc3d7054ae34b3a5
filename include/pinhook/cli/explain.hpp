// `pinhook explain REFERENCE`: how an image reference is understood, and how it would be asked for. Pure; any thread.
#pragma once

#include <pinhook/access/access_report.hpp>
#include <pinhook/pipeline/rule_report.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

enum class output_format : std::uint8_t { text, json };

/// What a command prints, and its exit code.
struct explanation {
  std::string out;
  std::string err;
  int exit_code = 0;
};

/// A good reference: on standard output, 0. A bad one: what is wrong and where, 2; as text on standard error, as JSON
/// on standard output. The JSON object has the keys reference, registry, host, repository, tag, digest, canonical,
/// error; what is absent is null. "tag" is the tag that is meant: "latest" when neither tag nor digest was written.
/// With `how` what it says follows, and 3 when it was tried and failed; with `matches` the rules that are about it, in
/// JSON as "rules".
[[nodiscard]] explanation explain(std::string_view reference, output_format format,
                                  const access::access_report* how = nullptr,
                                  const std::vector<pipeline::rule_match>* matches = nullptr);

}  // namespace pinhook::cli
