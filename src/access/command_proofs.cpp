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

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace pinhook::access {
namespace {

// The time for the documents of one image.
constexpr std::chrono::minutes image_limit{2};

result<std::vector<signatures::verifier>> load(const std::vector<signatures::verifier_setting>& by) {
  return read_within<std::vector<signatures::verifier>>("the files of verifiers",
                                                        [by] { return signatures::load_verifiers(by); });
}

// Images whose documents are read at the same time.
constexpr std::size_t most_at_once = 32;

// The queries of a command, which its workers take one after the other.
struct proof_queue {
  proofs::proof_resolver& by;
  std::vector<admission::proof_query> queries;
  std::vector<rules::proofs> out;
  told_count count;
  std::size_t next = 0;
};

awaitable<void> prove_in_turn(proof_queue& all) {
  while (all.next < all.queries.size()) {
    const std::size_t mine = all.next++;
    std::vector<admission::proof_query> one;
    one.push_back(std::move(all.queries[mine]));
    auto found = co_await all.by.prove(std::move(one), deadline::never());
    all.out[mine] = std::move(found.front());
    all.count.add();
  }
}

awaitable<bool> answer_all(asio::io_context& io, proof_queue& all) {
  std::vector<awaitable<void>> workers;
  for (std::size_t i = std::min(all.queries.size(), most_at_once); i > 0; --i) workers.push_back(prove_in_turn(all));
  told_options by_clock;
  co_await run_told(io.get_executor(), all.count, std::move(workers), std::move(by_clock));
  co_return true;
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
  const std::size_t size = queries.size();
  proof_queue all{resolver, std::move(queries), std::vector<rules::proofs>(size),
                  told_count(size, std::move(with.on_progress))};
  run_to_end(with.io, answer_all(with.io, all));
  resolver.stop();
  return std::move(all.out);
}

}  // namespace pinhook::access
