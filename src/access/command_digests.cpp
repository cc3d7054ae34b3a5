#include <pinhook/access/command_digests.hpp>

#include <pinhook/access/lookup_queue.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/resolve/advice.hpp>
#include <pinhook/resolve/tag_resolver.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <utility>

namespace pinhook::access {
namespace {

resolve::resolver_options resolver_options(const config::settings& s, const registry_access& access) {
  resolve::resolver_options out = access.resolver_options(s);
  // A command asks again itself, and one image that a registry fails at is no reason to keep the others from it. Where
  // a registry limits, its next answer is worth waiting for.
  out.gate.backoff.first = out.gate.backoff.most = std::chrono::nanoseconds(0);
  out.gate.backoff.rate_limited_first = std::chrono::seconds(1);
  out.waits_out_rests = false;
  // One who asks for himself shares with nobody.
  out.gate.reserved = 0;
  out.gate.requests = std::numeric_limits<std::size_t>::max();
  out.flights.most = std::numeric_limits<std::size_t>::max();
  return out;
}

lookup_rules rules_of(const config::settings& s) {
  lookup_rules out;
  out.at_once = s.resolver.host_concurrency;
  out.limit = s.resolver.lookup_limit;
  return out;
}

error about(const registry::reference& ref, error why) {
  while (why.message.ends_with('.')) why.message.pop_back();
  why.message = fmt::format("{} is not resolved: {}. {}", quoted(ref.written(), registry::max_reference_size),
                            why.message, resolve::advice_for(why.code));
  return why;
}

// Rewritten in place, and gone when all is known.
void print_progress(std::size_t done, std::size_t total) {
  constexpr const char* back_and_clear = "\r\x1b[K";
  if (done < total)
    fmt::print(stderr, "{}resolving {}/{} images", back_and_clear, done, total);
  else
    fmt::print(stderr, "{}", back_and_clear);
  std::fflush(stderr);
}

}  // namespace

registry_digests::progress terminal_progress() {
  if (isatty(STDERR_FILENO) != 1) return {};
  return print_progress;
}

struct registry_digests::parts {
  std::vector<result<registry::digest>> find(resolve::resolver& by, const std::vector<registry::reference>& refs) {
    lookup_queue queue({io.get_executor(), by, access->own_credentials(), machine_clock()}, rules_of(chosen));
    auto out = run_to_end(io, queue.find(refs, tell));
    for (std::size_t i = 0; i < refs.size(); ++i)
      if (!out[i]) out[i] = fail(about(refs[i], std::move(out[i].error())));
    return out;
  }

  // Before what it asks with goes.
  void stop(resolve::tag_resolver& which) {
    const auto ended = [](resolve::tag_resolver& one) -> awaitable<bool> {
      co_await one.stop();
      co_return true;
    };
    run_to_end(io, ended(which));
  }

  config::settings chosen;
  progress tell;
  asio::io_context io{1};
  std::unique_ptr<registry_access> access;
  std::unique_ptr<resolve::tag_resolver> tags;
};

registry_digests::registry_digests(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

registry_digests::~registry_digests() { parts_->stop(*parts_->tags); }

result<std::unique_ptr<registry_digests>> registry_digests::open(const config::settings& s,
                                                                 const config::variables& all, progress tell) {
  log::configure({.least = s.log.level, .shape = s.log.format});
  auto p = std::make_unique<parts>();
  p->chosen = s;
  p->tell = std::move(tell);
  config::variables rest = all;
  std::erase_if(rest, [](const auto& one) { return one.first == "DOCKER_CONFIG"; });
  auto access = registry_access::open(p->io, s, rest, machine_clock(), nullptr);
  if (!access) return fail(std::move(access.error()));
  p->access = std::move(*access);
  p->tags = std::make_unique<resolve::tag_resolver>(p->io.get_executor(), p->access->client(), machine_clock(), nullptr,
                                                    resolver_options(s, *p->access));
  return std::unique_ptr<registry_digests>(new registry_digests(std::move(p)));
}

std::vector<result<registry::digest>> registry_digests::find(const std::vector<registry::reference>& refs) {
  return parts_->find(*parts_->tags, refs);
}

std::vector<result<registry::digest>> registry_digests::find_platform(const std::vector<registry::reference>& refs,
                                                                      const registry::platform& wanted) {
  parts& p = *parts_;
  const auto client = p.access->make_platform_client(p.chosen, wanted);
  resolve::tag_resolver tags(p.io.get_executor(), *client, machine_clock(), nullptr,
                             resolver_options(p.chosen, *p.access));
  auto out = p.find(tags, refs);
  p.stop(tags);
  return out;
}

std::vector<result<registry::digest>> locked_digests::find(const std::vector<registry::reference>& refs) {
  std::vector<result<registry::digest>> out;
  for (const auto& ref : refs) {
    const auto* const held = lock_.find(ref.canonical());
    if (held != nullptr)
      out.emplace_back(held->digest);
    else if (ref.digest())
      out.emplace_back(*ref.digest());
    else
      out.push_back(
          fail(error_code::not_found,
               fmt::format("{} is not resolved: {} does not hold {}. `pinhook lock --file {} PATH…` adds what "
                           "files need",
                           quoted(ref.written(), registry::max_reference_size), file_, ref.canonical(), file_)));
  }
  return out;
}

std::vector<result<registry::digest>> no_digests::find(const std::vector<registry::reference>& refs) {
  std::vector<result<registry::digest>> out;
  for (const auto& ref : refs)
    out.push_back(fail(error_code::unavailable,
                       fmt::format("{} is not resolved: no registry is asked with --offline. Give a lock file (--lock)",
                                   quoted(ref.written(), registry::max_reference_size))));
  return out;
}

result<std::unique_ptr<digest_source>> open_digests(const digest_choice& how, const config::settings& s,
                                                    const config::variables& all) {
  if (!how.lock_file.empty()) {
    const auto text = read_file(how.lock_file, files::max_lock_size);
    if (!text) return fail(error(text.error()).at("the lock file"));
    auto lock = files::read_lock(text->reveal());
    if (!lock) return fail(std::move(lock.error()).at(how.lock_file));
    return std::make_unique<locked_digests>(std::move(lock->images), how.lock_file);
  }
  if (how.offline) return std::make_unique<no_digests>();
  auto opened = registry_digests::open(s, all, terminal_progress());
  if (!opened) return fail(std::move(opened.error()));
  return std::move(*opened);
}

}  // namespace pinhook::access
