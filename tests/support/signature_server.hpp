// Serves signed images of tests/corpus/signatures over HTTP, as registries and a Notary server do.
//
//   server.otherwise([held = signature_server("cosign3-key-p256", "acme/app")](const recorded_request& r) {
//     return held.answer(r).value_or(reply{.status = 404});
//   });
//
// Any thread.
#pragma once

#include "support/scripted_server.hpp"
#include "support/signature_case.hpp"

#include <memory>
#include <optional>
#include <string>

namespace pinhook::testing {

class signature_server {
 public:
  /// The image of a case in this repository; each tag that the case does not have itself is the image's.
  signature_server(const std::string& name, std::string repository);

  /// No value: the request is about another repository. Bytes are as they are stored, whether they fit their digest or
  /// not.
  [[nodiscard]] std::optional<reply> answer(const recorded_request& r) const;

 private:
  [[nodiscard]] reply manifest(const std::string& tag_or_digest, bool is_head) const;

  std::shared_ptr<const signature_registry> held_;
  std::string subject_;
  std::string repository_;
};

/// The answer of a Notary server that has the trust files of a case, whatever the repository's name.
[[nodiscard]] reply notary_answer(const std::string& name, const recorded_request& r);

}  // namespace pinhook::testing
