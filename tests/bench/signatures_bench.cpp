// Verifications of signatures by one core: what was read from a registry, against one policy.
#include "support/signature_case.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace pinhook;
using pinhook::testing::read_signature_case;

void verify_cosign_case(benchmark::State& state, const std::string& name) {
  const auto of = read_signature_case(name);
  for (auto _ : state)
    if (!trust::verify_cosign(of.signatures.front(), of.subject, of.policy).is_verified())
      state.SkipWithError("it is not verified");
  state.SetItemsProcessed(state.iterations());
}

void verify_notation_case(benchmark::State& state, const std::string& name) {
  const auto of = read_signature_case(name);
  const auto* const rule = of.notation.rule_for("");
  for (auto _ : state) {
    const auto verdict =
        trust::verify_notation(of.notation_signatures.front(), of.described, *rule, of.stores, of.verify_at);
    if (!verdict.is_verified()) state.SkipWithError("it is not verified");
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

BENCHMARK_CAPTURE(verify_cosign_case, key_p256, "cosign3-key-p256");
BENCHMARK_CAPTURE(verify_cosign_case, key_p256_with_log, "cosign3-key-rekor1");
BENCHMARK_CAPTURE(verify_cosign_case, key_p256_with_log_and_timestamp, "cosign3-key-rekor2-tsa");
BENCHMARK_CAPTURE(verify_cosign_case, keyless, "keyless-email");
BENCHMARK_CAPTURE(verify_notation_case, notation_jws_p256, "notation-jws-p256");
