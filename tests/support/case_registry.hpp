// The registry of a case of tests/corpus/signatures, as a reader of documents.
//
// One thread; outlives its coroutines.
#pragma once

#include "support/signature_case.hpp"

#include <pinhook/signatures/finder.hpp>

#include <fmt/core.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

/// Answers by the files of the case, and records what it is asked.
class case_registry {
 public:
  explicit case_registry(const std::string& name) : held_(name) {}

  signatures::document_reader reader() {
    return [this](registry::document_name name, deadline) { return answer(std::move(name)); };
  }
  std::vector<std::string> asked;
  std::map<std::string, error> failures;  // by the name that is asked for

 private:
  awaitable<result<registry::document>> answer(registry::document_name name) {
    asked.push_back(fmt::format("{} {}",
                                name.of == registry::document_name::kind::referrers ? "referrers"
                                : name.of == registry::document_name::kind::blob    ? "blob"
                                                                                    : "manifest",
                                name.name.substr(0, name.name.starts_with("sha256:") ? 7 : std::string::npos)));
    if (const auto failed = failures.find(name.name); failed != failures.end()) co_return fail(failed->second);
    co_return find(name);
  }
  [[nodiscard]] result<registry::document> find(const registry::document_name& name) const {
    const bool is_tag = name.of == registry::document_name::kind::manifest && !name.name.starts_with("sha256:");
    const std::string wanted = is_tag ? held_.tagged(name.name) : name.name;
    std::string bytes = name.of == registry::document_name::kind::referrers ? held_.referrers(wanted)
                        : name.of == registry::document_name::kind::blob    ? held_.blob(wanted)
                                                                            : held_.manifest(wanted);
    if (bytes.empty()) return fail(error_code::not_found, "not there");
    // As the registry client does.
    if (name.of != registry::document_name::kind::referrers && registry::digest::of(bytes).to_string() != wanted)
      return fail(error_code::malformed, "the bytes have another digest");
    return registry::document{"", std::move(bytes)};
  }

  signature_registry held_;
};

}  // namespace pinhook::testing
