// Repositories of tests/corpus/tuf, which python-tuf made (make.py there), each with the expected result of an update.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/trust/tuf_update.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace pinhook::testing {

struct tuf_case {
  std::string name;
  /// Paths to bytes, as a server has them.
  std::map<std::string, std::string> repository;
  trust::tuf_options options;
  /// "good", or the name of an error code.
  std::string expect;
  /// A part of the message.
  std::string reason;
};

/// Names of folders, in order.
[[nodiscard]] std::vector<std::string> tuf_cases();
[[nodiscard]] tuf_case read_tuf_case(const std::string& name);
/// Updates from a repository in memory, and counts the files that are there and were asked for.
[[nodiscard]] result<trust::tuf_update> walk_tuf(const tuf_case& of, int* read = nullptr);

}  // namespace pinhook::testing
