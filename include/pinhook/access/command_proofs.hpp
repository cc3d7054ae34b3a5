// Answers for commands to what rules ask of verifiers, with the engine of the webhook: each image's documents are read
// once for all verifiers, several images at a time, by the routes, credentials and places in line of look-ups.
//
// Blocks until all answers are known; the thread of the io_context.
#pragma once

#include <pinhook/access/told_count.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/resolve/resolver.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/signatures/verifier_setting.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <vector>

namespace pinhook::access {

class registry_access;

struct proof_tools {
  asio::io_context& io;
  registry_access& access;
  std::shared_ptr<resolve::resolver> reads;
  /// For the registries of the images; null: the process's own.
  std::shared_ptr<registry::credential_source> credentials = nullptr;
  told_count::listener on_progress{};
};

/// One answer a request, in their order. An error: a verifier's file cannot be used; the message names it.
[[nodiscard]] result<std::vector<rules::proofs>> prove_images(proof_tools with,
                                                              const std::vector<signatures::verifier_setting>& by,
                                                              const std::vector<rules::proof_request>& requests);

}  // namespace pinhook::access
