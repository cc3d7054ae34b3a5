// The speed of reading a reference, which happens for every image of every admission.
#include <pinhook/registry/reference.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

namespace {

using pinhook::registry::reference;

void read_reference(benchmark::State& state, const std::string& text) {
  for (auto _ : state) {
    auto ref = reference::read(text);
    benchmark::DoNotOptimize(ref);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

const std::string digest = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

BENCHMARK_CAPTURE(read_reference, short_name, "nginx");
BENCHMARK_CAPTURE(read_reference, typical, "registry.example.com/platform/checkout-api:v1.42.0");
BENCHMARK_CAPTURE(read_reference, pinned, "registry.example.com/platform/checkout-api:v1.42.0" + digest);
BENCHMARK_CAPTURE(read_reference, longest,
                  "registry.example.com:5000/" + std::string(255, 'a') + ":" + std::string(128, 't') + digest);
BENCHMARK_CAPTURE(read_reference, refused, "registry.example.com/platform/Checkout-api:v1.42.0");

}  // namespace
