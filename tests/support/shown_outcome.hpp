// The outcome of a run with its messages as one text, a line each.
//
//   const auto done = shown(run.finish(digests.answers(run.wanted())));
//   EXPECT_EQ(done.messages, "pinned 1 image in 1 file\n");
#pragma once

#include <pinhook/pipeline/run.hpp>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

struct shown_outcome {
  std::string out;
  std::vector<pipeline::file_write> writes;
  std::string messages;
  pipeline::run_status status;
  /// The messages that -q does not leave out.
  std::string errors{};
};

inline shown_outcome shown(pipeline::run_outcome of) {
  shown_outcome out{std::move(of.out), std::move(of.writes), {}, of.status};
  for (const auto& [text, is_error] : of.messages) {
    out.messages += text + '\n';
    if (is_error) out.errors += text + '\n';
  }
  return out;
}

}  // namespace pinhook::testing
