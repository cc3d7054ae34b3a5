#include <pinhook/access/lookup_queue.hpp>

#include <pinhook/resolve/backoff.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace pinhook::access {
namespace {

// The resolver's own limit ends a look-up, with the reason in its error; this margin only makes sure that it ends
// first.
constexpr std::chrono::seconds beyond_limit{5};

}  // namespace

std::optional<std::chrono::nanoseconds> next_lookup(int made, const error& last, double random,
                                                    const lookup_options& options) {
  const int tries = last.code == error_code::rate_limited  ? options.tries_rate_limited
                    : last.code == error_code::unavailable ? options.tries_unavailable
                                                           : 1;
  if (made >= tries) return std::nullopt;
  if (last.retry_after) {
    // Compared as seconds: a huge number of them is too many nanoseconds.
    if (*last.retry_after > std::chrono::ceil<std::chrono::seconds>(options.most_wait)) return std::nullopt;
    return std::min<std::chrono::nanoseconds>(*last.retry_after, options.most_wait);
  }
  auto wait = options.first_wait;
  for (int i = 1; i < made && wait < options.most_wait; ++i) wait *= 2;
  const double share = 0.5 + random / 2;
  wait = std::min(wait, options.most_wait);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(wait.count()) * share));
}

// One distinct reference and the positions of its result.
struct lookup_queue::job {
  registry::reference ref;
  std::vector<std::size_t> positions;
};

// The references of one registry, and the registry's state.
struct lookup_queue::line {
  std::vector<job> jobs;
  std::size_t next = 0;
  steady_time answered_at{};
  std::optional<error> trouble;
};

struct lookup_queue::run {
  std::vector<result<registry::digest>> out;
  told_count& count;
};

lookup_queue::lookup_queue(tools with, lookup_options options, wait_seams seams)
    : with_(std::move(with)), options_(options), seams_(std::move(seams)) {
  options_.at_once = std::max<std::size_t>(options_.at_once, 1);
}

awaitable<std::vector<result<registry::digest>>> lookup_queue::find(std::vector<registry::reference> refs,
                                                                    progress on_progress) {
  std::map<std::string, line, std::less<>> lines;
  std::map<std::string, std::pair<line*, std::size_t>, std::less<>> known;
  const steady_time now = with_.time.now();
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const auto [at, is_new] = known.try_emplace(refs[i].canonical());
    if (is_new) {
      line& l = lines[refs[i].registry()];
      l.answered_at = now;
      at->second = {&l, l.jobs.size()};
      l.jobs.push_back({refs[i], {}});
    }
    at->second.first->jobs[at->second.second].positions.push_back(i);
  }
  told_count count(known.size(), std::move(on_progress));
  run all{{refs.size(), fail(error_code::internal, "the look-up ended without an answer")}, count};
  std::vector<awaitable<void>> workers;
  for (auto& [registry, at] : lines)
    for (std::size_t i = 0; i < std::min(at.jobs.size(), options_.at_once); ++i) workers.push_back(work(all, at));
  told_options tells{options_.tell_every, seams_.sleep};
  co_await run_told(with_.on, count, std::move(workers), std::move(tells));
  co_return std::move(all.out);
}

// Looks up one reference after the other until the registry's line is empty.
awaitable<void> lookup_queue::work(run& all, line& at) {
  while (at.next < at.jobs.size()) {
    const job& mine = at.jobs[at.next++];
    registry::reference ref = mine.ref;
    const auto got = co_await look_up(at, std::move(ref));
    for (const std::size_t i : mine.positions) all.out[i] = got;
    all.count.add();
  }
}

awaitable<result<registry::digest>> lookup_queue::look_up(line& at, registry::reference ref) {
  const std::chrono::nanoseconds patience = options_.limit * options_.limits_without_answer;
  for (int made = 1;; ++made) {
    const steady_time now = with_.time.now();
    if (at.trouble && now - at.answered_at > patience) co_return fail(*at.trouble);
    std::vector<resolve::query> one;
    one.push_back({ref, with_.credentials, resolve::freshness::refreshed});
    const deadline d = deadline::after(now, options_.limit + beyond_limit);
    const auto got = co_await with_.tags.resolve(std::move(one), d);
    const auto& answer = got.front();
    const steady_time then = with_.time.now();
    if (answer || !resolve::is_host_trouble(answer.error().code)) {
      at.answered_at = then;
      at.trouble.reset();
      if (answer) co_return answer->digest;
      co_return fail(answer.error());
    }
    at.trouble = answer.error();
    if (answer.error().code == error_code::timed_out && made < options_.tries_timed_out && with_.has_answered &&
        with_.has_answered(ref.registry(), now))
      continue;
    const auto wait = next_lookup(made, answer.error(), seams_.random(), options_);
    if (!wait || then + *wait - at.answered_at > patience) co_return fail(answer.error());
    co_await seams_.sleep(*wait);
  }
}

}  // namespace pinhook::access
