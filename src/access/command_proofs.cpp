#include <pinhook/access/command_proofs.hpp>

#include <pinhook/access/document_reader.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/compute_thread.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/proofs/proof_resolver.hpp>
#include <pinhook/signatures/load_verifier.hpp>

#include <chrono>
#include <utility>

namespace pinhook::access {
namespace {

// The time for the documents of one image.
constexpr std::chrono::minutes image_limit{2};

result<std::vector<signatures::verifier>> load(const std::vector<signatures::verifier_setting>& by) {
  return read_within<std::vector<signatures::verifier>>("the files of verifiers",
                                                        [by] { return signatures::load_verifiers(by); });
}

}  // namespace

result<std::vector<rules::proofs>> prove_images(proof_tools with, const std::vector<signatures::verifier_setting>& by,
                                                const std::vector<rules::proof_request>& requests) {
  auto loaded = load(by);
  if (!loaded) return fail(std::move(loaded.error()));
  registry_access& access = with.access;
  proofs::proof_options options;
  options.limit = image_limit;
  options.trust_files = [&access](const registry::reference& image, const std::string& server) {
    return trust_reader({access.client(), access.routes(), nullptr, access.own_credentials()}, image, server);
  };
  compute_thread judging("signatures");
  proofs::proof_resolver resolver(with.io.get_executor(), std::move(with.reads), judging, machine_clock(), nullptr,
                                  std::move(options));
  resolver.use(std::make_shared<const proofs::verifier_list>(std::move(*loaded)));
  std::vector<admission::proof_query> queries;
  queries.reserve(requests.size());
  for (const rules::proof_request& one : requests)
    queries.push_back({one.image, with.credentials ? with.credentials : access.own_credentials(), one.questions, {}});
  auto out = run_to_end(with.io, resolver.prove(std::move(queries), deadline::never()));
  resolver.stop();
  return out;
}

}  // namespace pinhook::access
