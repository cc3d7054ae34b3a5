#include <pinhook/access/command_digests.hpp>

#include <pinhook/access/answer_times.hpp>
#include <pinhook/access/command_proofs.hpp>
#include <pinhook/access/lookup_queue.hpp>
#include <pinhook/access/manifest_reader.hpp>
#include <pinhook/access/progress_lines.hpp>
#include <pinhook/access/registry_access.hpp>
#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/terminal.hpp>
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
  // A command retries by itself, and a registry's failure for one image must not block the others. A registry that
  // limits its rate is worth the wait.
  out.gate.backoff.first = out.gate.backoff.most = std::chrono::nanoseconds(0);
  out.gate.backoff.rate_limited_first = std::chrono::seconds(1);
  out.waits_out_rests = false;
  // A command has a single user, so it shares its limits with no other.
  out.gate.reserved = 0;
  out.gate.requests = std::numeric_limits<std::size_t>::max();
  out.flights.most = std::numeric_limits<std::size_t>::max();
  return out;
}

lookup_options options_of(const config::settings& s) {
  lookup_options out;
  out.at_once = s.resolver.host_concurrency;
  out.limit = s.resolver.lookup_limit;
  out.tell_every = std::chrono::seconds(1);
  return out;
}

error about(const registry::reference& ref, error e) {
  while (e.message.ends_with('.')) e.message.pop_back();
  const std::string advice =
      resolve::advice_for(e, {.at = resolve::audience::place::command, .registry = ref.registry()});
  e.message = fmt::format("{} is not resolved: {}{}{}", quoted(ref.written(), registry::max_reference_size), e.message,
                          advice.empty() ? "" : ". ", advice);
  return e;
}

// A file keeps the name that its author wrote. Where nodes make another image of it, or may, the author has to write
// which one is meant: a pin of the short name would be read by every other tool as Docker Hub's.
std::optional<error> refusal_of_meaning(const registry::reference& ref, const result<registry::reference>& meant) {
  if (!meant) return meant.error();
  if (*meant == ref) return std::nullopt;
  return error{
      error_code::denied,
      fmt::format("nodes read this short name as {} (mirrors.registries_conf): write that name", meant->written()),
      std::nullopt, remedy::in_message};
}

// Rewrites the line in place, and removes it when all are done.
class terminal_line {
 public:
  void operator()(std::string_view doing, std::size_t done, std::size_t total) {
    constexpr const char* back_and_clear = "\r\x1b[K";
    const steady_time now = machine_clock().now();
    if (doing != doing_) {
      doing_ = doing;
      start_ = now;
    }
    fmt::print(stderr, "{}{}", back_and_clear,
               done < total ? progress_status(doing, done, total, now - start_) : std::string());
    std::fflush(stderr);
  }

 private:
  std::string doing_;
  steady_time start_{};
};

}  // namespace

registry_digests::progress shown_progress(std::string_view command) {
  if (is_terminal(STDERR_FILENO)) return terminal_line();
  return [of = progress_lines(std::string(command), machine_clock().now())](std::string_view doing, std::size_t done,
                                                                            std::size_t total) mutable {
    const auto line = of.line_for(doing, done, total, machine_clock().now());
    if (line.empty()) return;
    fmt::print(stderr, "{}", line);
    std::fflush(stderr);
  };
}

struct registry_digests::parts {
  std::vector<result<registry::digest>> find(resolve::resolver& by, const std::vector<registry::reference>& refs) {
    const auto meaning_of = access->meaning_of();
    if (!meaning_of) return look_up(by, refs);
    std::vector<result<registry::digest>> out(refs.size(), fail(error_code::internal, "it was never looked up"));
    std::vector<registry::reference> asked;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      if (auto refused = refusal_of_meaning(refs[i], meaning_of(refs[i]))) {
        out[i] = fail(about(refs[i], std::move(*refused)));
        continue;
      }
      asked.push_back(refs[i]);
      places.push_back(i);
    }
    auto found = look_up(by, asked);
    for (std::size_t i = 0; i < found.size(); ++i) out[places[i]] = std::move(found[i]);
    return out;
  }

  std::vector<result<registry::digest>> look_up(resolve::resolver& by, const std::vector<registry::reference>& refs) {
    lookup_queue queue(
        {io.get_executor(), by, credentials ? credentials : access->own_credentials(), machine_clock(),
         [this](std::string_view registry, steady_time since) { return heard.has_answered(registry, since); }},
        options_of(chosen));
    auto out = run_to_end(io, queue.find(refs, told("resolving")));
    for (std::size_t i = 0; i < refs.size(); ++i)
      if (!out[i]) out[i] = fail(about(refs[i], std::move(out[i].error())));
    return out;
  }

  [[nodiscard]] told_count::listener told(std::string_view doing) const {
    if (!on_progress) return {};
    return [this, doing = std::string(doing)](std::size_t done, std::size_t total) { on_progress(doing, done, total); };
  }

  // Called before the objects that the resolver uses are destroyed.
  void stop(resolve::tag_resolver& resolver) {
    const auto ended = [](resolve::tag_resolver& one) -> awaitable<bool> {
      co_await one.stop();
      co_return true;
    };
    run_to_end(io, ended(resolver));
  }

  config::settings chosen;
  progress on_progress;
  asio::io_context io{1};
  answer_times heard{machine_clock()};
  std::unique_ptr<registry_access> access;
  std::shared_ptr<resolve::tag_resolver> tags;
  /// Null: the process's own.
  std::shared_ptr<registry::credential_source> credentials;
};

registry_digests::registry_digests(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

registry_digests::~registry_digests() { parts_->stop(*parts_->tags); }

result<std::unique_ptr<registry_digests>> registry_digests::open(const config::settings& s, const environment& all,
                                                                 progress on_progress) {
  log::configure({.least = s.log.level, .shape = s.log.format});
  auto p = std::make_unique<parts>();
  p->chosen = s;
  p->on_progress = std::move(on_progress);
  environment rest = all;
  std::erase_if(rest, [](const auto& one) { return one.first == "DOCKER_CONFIG"; });
  auto access = registry_access::open(p->io, s, rest, machine_clock(), &p->heard);
  if (!access) return fail(std::move(access.error()));
  p->access = std::move(*access);
  const deadline limit = deadline::after(machine_clock().now(), s.resolver.lookup_limit);
  if (auto read = run_to_end(p->io, p->access->read_cluster_mirrors(limit)); !read)
    return fail(std::move(read.error()));
  p->tags = std::make_shared<resolve::tag_resolver>(p->io.get_executor(), p->access->client(), machine_clock(), nullptr,
                                                    resolver_options(s, *p->access));
  return std::unique_ptr<registry_digests>(new registry_digests(std::move(p)));
}

void registry_digests::use_credentials(std::shared_ptr<registry::credential_source> all) {
  parts_->credentials = std::move(all);
}

result<std::vector<rules::proofs>> registry_digests::prove(const std::vector<rules::proof_request>& requests) {
  return prove_images({parts_->io, *parts_->access, parts_->tags, parts_->credentials, told("verifying")},
                      parts_->chosen.verifiers, requests);
}

told_count::listener registry_digests::told(std::string_view doing) const { return parts_->told(doing); }

registry_digests::connected registry_digests::connection() { return {parts_->io, *parts_->access}; }

std::vector<result<registry::digest>> registry_digests::find(const std::vector<registry::reference>& refs) {
  return parts_->find(*parts_->tags, refs);
}

std::vector<result<registry::digest>> registry_digests::find_platform(const std::vector<registry::reference>& refs,
                                                                      const registry::platform& platform) {
  parts& p = *parts_;
  const auto client = p.access->make_platform_client(p.chosen, platform);
  resolve::tag_resolver tags(p.io.get_executor(), *client, machine_clock(), nullptr,
                             resolver_options(p.chosen, *p.access));
  auto out = p.find(tags, refs);
  p.stop(tags);
  return out;
}

std::vector<result<fleet::manifest>> registry_digests::find_manifests(const std::vector<registry::reference>& refs) {
  parts& p = *parts_;
  manifest_reader reader(p.access->client());
  resolve::tag_resolver tags(p.io.get_executor(), reader, machine_clock(), nullptr,
                             resolver_options(p.chosen, *p.access));
  auto digests = p.find(tags, refs);
  p.stop(tags);
  std::vector<result<fleet::manifest>> out;
  out.reserve(digests.size());
  for (auto& one : digests) {
    if (one)
      out.emplace_back(reader.read().at(*one));
    else
      out.push_back(fail(std::move(one.error())));
  }
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
               fmt::format("{} is not resolved: {} does not hold {}. `pinhook lock --file {} PATH…` adds "
                           "missing images",
                           quoted(ref.written(), registry::max_reference_size), file_, ref.canonical(), file_)));
  }
  return out;
}

std::vector<result<registry::digest>> no_digests::find(const std::vector<registry::reference>& refs) {
  std::vector<result<registry::digest>> out;
  for (const auto& ref : refs)
    out.push_back(fail(error_code::unavailable,
                       fmt::format("{} is not resolved: --offline allows no registry. Give a lock file (--lock)",
                                   quoted(ref.written(), registry::max_reference_size))));
  return out;
}

result<std::unique_ptr<digest_source>> open_digests(const digest_choice& choice, const config::settings& s,
                                                    const environment& all) {
  if (!choice.lock_file.empty()) {
    const auto text = read_file(choice.lock_file, files::max_lock_size);
    if (!text) return fail(error(text.error()).at("the lock file"));
    auto lock = files::read_lock(text->reveal());
    if (!lock) return fail(std::move(lock.error()).at(choice.lock_file));
    return std::make_unique<locked_digests>(std::move(lock->images), choice.lock_file);
  }
  if (choice.offline) return std::make_unique<no_digests>();
  auto opened = registry_digests::open(s, all, choice.on_progress);
  if (!opened) return fail(std::move(opened.error()));
  return std::move(*opened);
}

}  // namespace pinhook::access
