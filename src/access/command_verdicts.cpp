#include <pinhook/access/command_verdicts.hpp>

#include <pinhook/access/document_reader.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/signatures/content_trust_source.hpp>
#include <pinhook/signatures/verify_image.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::access {
namespace {

using signatures::image_verdict;
using signatures::verifier;

reader_tools tools_of(registry_access& access) {
  return {access.client(), access.routes(), access.own_credentials(), access.own_credentials()};
}

awaitable<result<image_verdict>> verify_tag(reader_tools with, verified_image& of, const verifier& by,
                                            const verdict_options& options, deadline d) {
  const auto& trusted = std::get<signatures::content_trust_verifier>(by.by);
  auto read = trust_reader(std::move(with), of.ref, trusted.server);
  if (!read) co_return fail(std::move(read.error()));
  // A reference by digest alone has no tag; one that has both is pinned, and its tag may have moved on.
  signatures::tag_subject subject{of.ref.is_pinned() ? std::string() : std::string(of.ref.effective_tag()),
                                  of.digest.value()};
  signatures::document_reader reader = std::move(*read);
  auto verdict = co_await signatures::verify_signed_tag(std::move(reader), std::move(subject), by, options.now, d);
  co_return verdict;
}

result<image_verdict> judged(const result<signatures::image_evidence>& evidence, const verifier& by,
                             const verdict_options& options) {
  if (options.attested && !by.reads_attestations()) {
    image_verdict out;
    out.reason = "this verifier does not read attestations";
    return out;
  }
  if (!evidence) return fail(evidence.error());
  return judge(*evidence, by, options.now, options.attested ? &*options.attested : nullptr);
}

struct verify_tools {
  asio::io_context& io;
  registry_access& access;
  const std::vector<verifier>& verifiers;
  const verdict_options& options;
};

awaitable<void> verify_one(const verify_tools& with, verified_image& of, deadline d) {
  std::vector<const verifier*> of_digests;
  for (const verifier& one : with.verifiers)
    if (!one.is_content_trust()) of_digests.push_back(&one);
  result<signatures::image_evidence> evidence = fail(error_code::internal, "not fetched");
  if (!of_digests.empty()) {
    signatures::image_subject subject{fmt::format("{}/{}", of.ref.registry(), of.ref.repository()), of.digest.value()};
    signatures::evidence_demand wanted = signatures::demand_of(of_digests);
    wanted.reads_attestations = with.options.attested.has_value();
    signatures::document_reader read = document_reader(tools_of(with.access), of.ref);
    evidence = co_await signatures::gather_evidence(std::move(read), std::move(subject), std::move(wanted), d);
  }
  for (const verifier& one : with.verifiers) {
    if (!one.is_content_trust() || with.options.attested) {
      of.verdicts.push_back({one.name, judged(evidence, one, with.options)});
      continue;
    }
    auto verdict = co_await verify_tag(tools_of(with.access), of, one, with.options, d);
    of.verdicts.push_back({one.name, std::move(verdict)});
  }
}

awaitable<void> verify_in_turn(const verify_tools& with, std::vector<verified_image>& all, told_count& count) {
  for (verified_image& one : all) {
    const deadline d = deadline::after(machine_clock().now(), with.options.limit);
    if (one.digest) co_await verify_one(with, one, d);
    count.add();
  }
}

awaitable<bool> verify_all(verify_tools with, std::vector<verified_image>& all, told_count::listener tell) {
  told_count count(all.size(), std::move(tell));
  std::vector<awaitable<void>> workers;
  workers.push_back(verify_in_turn(with, all, count));
  told_options by_clock;
  co_await run_told(with.io.get_executor(), count, std::move(workers), std::move(by_clock));
  co_return true;
}

// A digest needs no look-up, unless nodes may mean another image by the name.
std::vector<result<registry::digest>> digests_of(registry_digests& registries, registry_access& access,
                                                 const std::vector<registry::reference>& refs) {
  std::vector<result<registry::digest>> out(refs.size(), fail(error_code::internal, "it was never looked up"));
  std::vector<registry::reference> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (refs[i].is_pinned() && !access.meaning_of()) {
      out[i] = *refs[i].digest();
      continue;
    }
    asked.push_back(refs[i]);
    places.push_back(i);
  }
  auto found = registries.find(asked);
  for (std::size_t i = 0; i < found.size(); ++i) out[places[i]] = std::move(found[i]);
  return out;
}

}  // namespace

bool verified_image::is_verified() const {
  return std::ranges::any_of(verdicts, [](const named_verdict& v) { return v.verdict && v.verdict->is_verified; });
}

bool verified_image::is_unknown() const {
  if (is_verified()) return false;
  return !digest || std::ranges::any_of(verdicts, [](const named_verdict& v) { return !v.verdict; });
}

std::vector<verified_image> verify_images(registry_digests& registries, const std::vector<registry::reference>& refs,
                                          const std::vector<signatures::verifier>& verifiers,
                                          const verdict_options& options) {
  const auto [io, access] = registries.connection();
  const auto digests = digests_of(registries, access, refs);
  std::vector<verified_image> out;
  for (std::size_t i = 0; i < refs.size(); ++i) out.push_back({refs[i], digests[i], {}});
  run_to_end(io, verify_all({io, access, verifiers, options}, out, registries.told("verifying")));
  return out;
}

}  // namespace pinhook::access
