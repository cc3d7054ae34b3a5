// An AdmissionReview from its text to its answer, without a registry: decode, plan, patch, encode. Beside it the
// yardstick: the time of RapidJSON for a tree of the same text, in situ.
#include "support/review_maker.hpp"

#include <pinhook/admission/inquiry.hpp>
#include <pinhook/registry/registries_conf.hpp>

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace pinhook;
using testing::review_type;

const std::string& body_of(std::size_t bytes, review_type type, bool is_pinned) {
  static std::map<std::tuple<std::size_t, review_type, bool>, std::string> made;
  std::string& body = made[{bytes, type, is_pinned}];
  if (body.empty()) body = testing::make_review({bytes, type, "registry.example.com", is_pinned});
  return body;
}

// As many rules as asked for: of other teams' images and namespaces, then those that look at every image.
rules::rule_set some_rules(std::size_t count) {
  std::vector<rules::rule> all;
  for (std::size_t i = 0; i + 4 < count; ++i) {
    rules::rule one;
    one.name = fmt::format("team-{}", i);
    one.about.images.push_back(*rules::reference_pattern::parse(fmt::format("registry.example.com/team-{}/**", i)));
    if (i % 2 == 0) one.about.namespaces.push_back(fmt::format("team-{}", i));
    one.demands.push_back({rules::requirement::not_latest, {}});
    one.action = rules::action::deny;
    all.push_back(std::move(one));
  }
  rules::rule own;
  own.name = "own";
  own.demands.push_back({rules::requirement::registry, {"registry.example.com"}});
  own.action = rules::action::deny;
  all.push_back(std::move(own));
  rules::rule recommended;
  recommended.preset = "recommended";
  all.push_back(std::move(recommended));
  return *rules::rule_set::make(std::move(all));
}

// As nodes with mirrors have it: an entry for each of many registries, and short names that mean Docker Hub's.
std::shared_ptr<const registry::registries_conf> some_conf(std::size_t entries) {
  std::string text = "unqualified-search-registries = [\"docker.io\"]\nshort-name-mode = \"enforcing\"\n";
  for (std::size_t i = 0; i < entries; ++i)
    text += fmt::format(
        "[[registry]]\nlocation = \"r{0}.example.com\"\n[[registry.mirror]]\nlocation = "
        "\"mirror.example.com/r{0}\"\npull-from-mirror = \"tag-only\"\n",
        i);
  return std::make_shared<const registry::registries_conf>(registry::parse_registries_conf(text, "bench").value());
}

void answer(benchmark::State& state, const std::string& body, std::size_t rules = 0, std::size_t conf_entries = 0) {
  admission::rulebook book({}, rules == 0 ? rules::rule_set() : some_rules(rules));
  if (conf_entries != 0)
    book.meaning_of = [conf = some_conf(conf_entries)](const registry::reference& ref) {
      return registry::meaning_of(*conf, ref);
    };
  const auto digest = registry::digest::parse("sha256:" + std::string(64, 'b'));
  std::size_t bytes_out = 0;
  for (auto _ : state) {
    const auto about = admission::prepare(body, pin::mode::enforce, book);
    if (!about) {
      state.SkipWithError(about.error().message.c_str());
      return;
    }
    const std::vector<result<resolve::answer>> answers(about->lookups.size(),
                                                       resolve::answer{*digest, resolve::origin::cache});
    const auto verdict = admission::compose(*about, pin::mode::enforce, book, answers);
    bytes_out = verdict.body.size();
    benchmark::DoNotOptimize(bytes_out);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
  state.counters["body"] = static_cast<double>(body.size());
  state.counters["answer"] = static_cast<double>(bytes_out);
}

void create(benchmark::State& state) {
  answer(state, body_of(static_cast<std::size_t>(state.range(0)), review_type::create, false));
}

void create_with_rules(benchmark::State& state) {
  answer(state, body_of(static_cast<std::size_t>(state.range(0)), review_type::create, false),
         static_cast<std::size_t>(state.range(1)));
}

void create_with_registries_conf(benchmark::State& state) {
  answer(state, body_of(static_cast<std::size_t>(state.range(0)), review_type::create, false), 0, 200);
}

void update_changed(benchmark::State& state) {
  answer(state, body_of(static_cast<std::size_t>(state.range(0)), review_type::changed_update, false));
}

void update_scaled(benchmark::State& state) {
  answer(state, body_of(static_cast<std::size_t>(state.range(0)), review_type::scaled_update, true));
}

void rapidjson_tree(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string& body = body_of(size, review_type::create, false);
  std::vector<char> copy(body.size() + 32);
  for (auto _ : state) {
    // The copy is part of parsing in situ: a server has it from its socket for nothing, at some 10 GB/s here.
    std::copy(body.begin(), body.end(), copy.begin());
    copy[body.size()] = 0;
    rapidjson::Document d;
    d.ParseInsitu<rapidjson::kParseIterativeFlag>(copy.data());
    benchmark::DoNotOptimize(d.IsObject());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}

void skip_alone(benchmark::State& state) {
  const std::string& body = body_of(static_cast<std::size_t>(state.range(0)), review_type::create, false);
  for (auto _ : state) {
    json::cursor at(body);
    benchmark::DoNotOptimize(at.skip());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}

void sizes(benchmark::internal::Benchmark* b) { b->Arg(7'000)->Arg(200'000)->Arg(2'000'000); }

BENCHMARK(create)->Name("review/create")->Apply(sizes);
BENCHMARK(create_with_rules)
    ->Name("review/create_with_rules")
    ->ArgsProduct({{7'000, 200'000, 2'000'000}, {4, 1'000}})
    ->ArgNames({"bytes", "rules"});
BENCHMARK(create_with_registries_conf)->Name("review/create_with_registries_conf")->Apply(sizes);
BENCHMARK(update_changed)->Name("review/update_changed")->Apply(sizes);
BENCHMARK(update_scaled)->Name("review/update_scaled")->Apply(sizes);
BENCHMARK(rapidjson_tree)->Name("review/yardstick_rapidjson_in_situ")->Apply(sizes);
BENCHMARK(skip_alone)->Name("review/skip_alone")->Apply(sizes);

}  // namespace
