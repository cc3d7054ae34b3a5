// Reading files with images: libfyaml alone, our trees over it, the images in them, and pinning a file.
#include <pinhook/files/image_file.hpp>
#include <pinhook/yaml/source.hpp>

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <libfyaml.h>

#include <cstddef>
#include <string>
#include <vector>

namespace {

using namespace pinhook;

// Some 2 MB of Deployments as charts render them.
const std::string& manifests() {
  static const std::string text = [] {
    std::string out;
    for (int i = 0; out.size() < 2'000'000; ++i)
      out += fmt::format(
          "---\n# Source: shop/templates/deployment.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: "
          "web-{0}\n"
          "  labels:\n    app.kubernetes.io/name: web\n    app.kubernetes.io/instance: \"web-{0}\"\nspec:\n  replicas: "
          "3\n"
          "  selector:\n    matchLabels: {{app: web-{0}}}\n  template:\n    metadata:\n      labels:\n        app: "
          "web-{0}\n"
          "    spec:\n      containers:\n        - name: web # the main one\n          image: "
          "registry.example.com/shop/web-{0}:1.{0}\n"
          "          args: [\"--port\", \"8080\", \"--level=info\"]\n          env:\n            - name: PASSWORD\n"
          "              valueFrom:\n                secretKeyRef:\n                  name: web\n                  "
          "key: password\n"
          "          resources:\n            limits:\n              memory: 256Mi\n",
          i);
    return out;
  }();
  return text;
}

void set_rate(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(manifests().size()));
}

void libfyaml_events(benchmark::State& state) {
  for (auto unused : state) {
    fy_parse_cfg options{};
    options.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2);
    fy_parser* parser = fy_parser_create(&options);
    fy_parser_set_string(parser, manifests().data(), manifests().size());
    std::size_t count = 0;
    while (fy_event* e = fy_parser_parse(parser)) {
      ++count;
      fy_parser_event_free(parser, e);
    }
    benchmark::DoNotOptimize(count);
    fy_parser_destroy(parser);
  }
  set_rate(state);
}
BENCHMARK(libfyaml_events)->Unit(benchmark::kMillisecond);

void read_source(benchmark::State& state) {
  for (auto unused : state) benchmark::DoNotOptimize(yaml::read_source(manifests()));
  set_rate(state);
}
BENCHMARK(read_source)->Unit(benchmark::kMillisecond);

void find_images(benchmark::State& state) {
  const files::image_places places;
  for (auto unused : state) benchmark::DoNotOptimize(files::image_file::read(manifests(), "web.yaml", places));
  set_rate(state);
}
BENCHMARK(find_images)->Unit(benchmark::kMillisecond);

void rewrite_all(benchmark::State& state) {
  const auto file = files::image_file::read(manifests(), "web.yaml", {});
  std::vector<files::change> changes;
  for (std::size_t i = 0; i < file->slots().size(); ++i) changes.push_back({i, registry::digest::of("x")});
  for (auto unused : state) benchmark::DoNotOptimize(file->rewrite(changes, pin::pin_format::digest));
  set_rate(state);
}
BENCHMARK(rewrite_all)->Unit(benchmark::kMillisecond);

}  // namespace
