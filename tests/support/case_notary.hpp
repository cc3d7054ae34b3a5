// The Notary server of a case of tests/corpus/signatures, as a reader of trust files.
//
// One thread; outlives its coroutines.
#pragma once

#include "support/signature_case.hpp"

#include <pinhook/signatures/finder.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

/// Answers by the files of the case below tuf/, and records what it is asked.
class case_notary {
 public:
  explicit case_notary(std::string name) : name_(std::move(name)) {}
  signatures::document_reader reader() {
    return [this](registry::document_name wanted, deadline) { return answer(std::move(wanted)); };
  }
  std::vector<std::string> asked;
  std::map<std::string, result<std::string>> instead;  // by name

 private:
  awaitable<result<registry::document>> answer(registry::document_name wanted) {
    EXPECT_EQ(wanted.of, registry::document_name::kind::trust_file);
    asked.push_back(wanted.name);
    if (const auto found = instead.find(wanted.name); found != instead.end()) {
      if (!found->second) co_return fail(found->second.error());
      co_return registry::document{"", *found->second};
    }
    std::string file = wanted.name;
    std::ranges::replace(file, '/', '.');
    std::string bytes = signature_file(name_, "tuf/" + file);
    if (bytes.empty()) co_return fail(error_code::not_found, "not there");
    co_return registry::document{"text/plain", std::move(bytes)};
  }
  std::string name_;
};

}  // namespace pinhook::testing
