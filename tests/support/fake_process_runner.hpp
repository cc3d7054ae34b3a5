// A process runner that runs nothing: it records the requests and gives the test's answers.
//
//   fake_process_runner processes;
//   processes.answer({.exit_code = 0, .output = secret(R"({"Username":"u","Secret":"s"})")});
//   processes.refuse({error_code::timed_out, "too slow", std::nullopt});
//
// Answers are given in their order; the last one goes on.
#pragma once

#include <pinhook/base/process.hpp>

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

class fake_process_runner final : public process_runner {
 public:
  struct call {
    std::vector<std::string> argv;
    std::string input;
    deadline until;
  };

  void answer(process_output output) { script_.emplace_back(std::move(output)); }
  void refuse(error e) { script_.emplace_back(std::unexpected(std::move(e))); }
  [[nodiscard]] const std::vector<call>& calls() const { return calls_; }

  awaitable<result<process_output>> run(process_request request, deadline d) override {
    calls_.push_back({std::move(request.argv), request.input.reveal(), d});
    if (script_.empty()) co_return fail(error_code::not_found, "the test has no such program");
    result<process_output> out = script_.front();
    if (script_.size() > 1) script_.pop_front();
    co_return out;
  }

 private:
  std::deque<result<process_output>> script_;
  std::vector<call> calls_;
};

}  // namespace pinhook::testing
