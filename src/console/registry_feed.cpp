#include <pinhook/console/registry_feed.hpp>

#include <pinhook/access/reference_credentials.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/console/is_canceled.hpp>
#include <pinhook/resolve/backoff.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::console {
namespace {

// Look-ups that take longer are named in the log.
constexpr std::chrono::minutes late_lookups{5};
constexpr std::chrono::minutes secrets_limit{1};
// Secrets that could not be read and are named.
constexpr std::size_t most_secret_troubles = 100;

schedule_options with_tags(schedule_options of) {
  of.tells_tags_apart = true;
  return of;
}

// A text that is another one when the answers are; nothing: one of them is missing.
std::optional<std::string> text_of(const rules::proofs& answers) {
  std::string out;
  for (const auto& [question, answer] : answers) {
    if (!answer) return std::nullopt;
    out += fmt::format("{}\n{}\n{}\n{}\n", question.verifier, question.type, answer->is_given, answer->signed_digest);
    for (const auto& one : answer->reasons) out += one + "\n";
  }
  return out;
}

bool has_trouble(const rules::proofs& answers) {
  return std::ranges::any_of(
      answers, [](const auto& one) { return !one.second && resolve::is_host_trouble(one.second.error().code); });
}

}  // namespace

registry_feed::registry_feed(std::shared_ptr<kube::api_connection> to, asio::io_context::executor_type on,
                             const clock& time, registry_options options, const wait_seams& seams,
                             std::function<void(const std::string&)> touch)
    : to_(std::move(to)),
      on_(std::move(on)),
      time_(time),
      options_(std::move(options)),
      seams_(seams),
      touch_(std::move(touch)),
      references_(options_.schedule, seams_.random),
      images_(with_tags(options_.schedule), seams_.random),
      touched_(time.now()) {}

void registry_feed::use(const std::string& ns, std::shared_ptr<const namespace_view> part) {
  std::vector<registry::reference> images;
  if (part != nullptr && options_.prove)
    for (const auto& one : part->questions) images.push_back(one.image);
  images_.use(ns, images, time_.now());
  references_.use(ns, part == nullptr ? std::vector<registry::reference>() : part->wanted, time_.now());
  if (part == nullptr)
    parts_.erase(ns);
  else
    parts_.insert_or_assign(ns, std::move(part));
}

void registry_feed::give(engine_round& to) {
  to.answers = std::exchange(answers_, {});
  to.proofs = std::exchange(proofs_, {});
  to.dropped = references_.take_dropped();
  to.dropped_images = images_.take_dropped();
  for (const auto& one : to.dropped) secret_troubles_.erase(one.canonical());
}

const registry_lookups& registry_feed::lookups_of(lookup_lane lane) const {
  return lane == lookup_lane::others && options_.others ? *options_.others : options_;
}

awaitable<void> registry_feed::run() {
  const lookup_lane lane = options_.others ? lookup_lane::answering : lookup_lane::all;
  co_await run_lane(lane);
}

awaitable<void> registry_feed::run_others() { co_await run_lane(lookup_lane::others); }

awaitable<void> registry_feed::run_lane(lookup_lane lane) {
  for (;;) {
    co_await seams_.sleep(options_.rest);
    const bool ends = co_await is_canceled();
    if (ends) co_return;
    touch_answered();
    const bool goes_on = co_await ask_manifests(lane);
    if (!goes_on) co_return;
    const bool stays = co_await ask_proofs(lane);
    if (!stays) co_return;
  }
}

// False: it was canceled.
awaitable<bool> registry_feed::ask_manifests(lookup_lane lane) {
  auto due = references_.due(time_.now(), options_.batch, lane);
  if (due.empty()) co_return true;
  // The work owns what it uses: one that hangs is left behind at the end.
  struct asked_batch {
    manifest_lookup lookup;
    std::optional<secret_lookup> secrets;
    std::shared_ptr<registry::credential_source> credentials;
    std::vector<registry::reference> references;
    std::vector<result<fleet::manifest>> answers{};
  };
  auto credentials = co_await credentials_for(due, references_, lane);
  const registry_lookups& by = lookups_of(lane);
  const auto batch = std::make_shared<asked_batch>(by.lookup, by.secrets, std::move(credentials), std::move(due));
  std::function<void()> work = [batch] {
    if (batch->secrets) batch->secrets->use(batch->credentials);
    batch->answers = batch->lookup(batch->references);
  };
  const bool has_run = co_await run_lookup(std::move(work));
  const bool ends = co_await is_canceled();
  if (ends) co_return false;
  if (has_run) take(batch->references, std::move(batch->answers));
  co_return true;
}

awaitable<bool> registry_feed::ask_proofs(lookup_lane lane) {
  if (!options_.prove) co_return true;
  auto due = images_.due(time_.now(), options_.proof_batch, lane);
  if (due.empty()) co_return true;
  struct asked_batch {
    proof_lookup prove;
    std::optional<secret_lookup> secrets;
    std::shared_ptr<registry::credential_source> credentials;
    std::vector<rules::proof_request> requests;
    result<std::vector<rules::proofs>> answers{};
  };
  auto credentials = co_await credentials_for(due, images_, lane);
  const registry_lookups& by = lookups_of(lane);
  const auto batch = std::make_shared<asked_batch>(by.prove, by.secrets, std::move(credentials), requests_of(due));
  std::function<void()> work = [batch] {
    if (batch->secrets) batch->secrets->use(batch->credentials);
    batch->answers = batch->prove(batch->requests);
  };
  const bool has_run = co_await run_lookup(std::move(work));
  const bool ends = co_await is_canceled();
  if (ends) co_return false;
  if (has_run) take(due, std::move(batch->answers));
  co_return true;
}

awaitable<bool> registry_feed::run_lookup(std::function<void()> work) {
  std::function<void(bool)> on_late = [](bool is_late) {
    if (is_late) log::warning("look-ups in registries take long", {});
  };
  const bool has_run = co_await run_aside(std::move(work), late_lookups, std::move(on_late));
  co_return has_run;
}

awaitable<std::shared_ptr<registry::credential_source>> registry_feed::credentials_for(
    std::vector<registry::reference> all, const lookup_schedule& of, lookup_lane lane) {
  std::shared_ptr<registry::credential_source> out;
  const auto& secrets = lookups_of(lane).secrets;
  if (!secrets) co_return out;
  access::secret_question asked{.to = to_, .on = on_, .namespaces = secrets->namespaces, .own = secrets->own};
  for (const auto& one : all) {
    auto& tenants = asked.asking[one.canonical()];
    const std::string repository = fmt::format("{}/{}", one.registry(), one.repository());
    for (const std::string& ns : of.users(one)) {
      const auto part = parts_.find(ns);
      if (part == parts_.end()) continue;
      const auto found = part->second->tenants.find(repository);
      if (found == part->second->tenants.end()) continue;
      for (const registry::tenant& each : found->second)
        if (tenants.size() < most_tenants && std::ranges::find(tenants, each) == tenants.end()) tenants.push_back(each);
    }
  }
  auto read = co_await access::read_pull_secrets(std::move(asked), deadline::after(time_.now(), secrets_limit));
  for (const auto& one : all) secret_troubles_.erase(one.canonical());
  if (!read.troubles.empty() && secret_troubles_.size() < most_secret_troubles)
    secret_troubles_.insert_or_assign(all.front().canonical(), std::move(read.troubles));
  out = std::move(read.credentials);
  co_return out;
}

// In the order of the images, with the questions of all namespaces.
std::vector<rules::proof_request> registry_feed::requests_of(const std::vector<registry::reference>& images) const {
  std::vector<rules::proof_request> out;
  for (const registry::reference& image : images) {
    rules::proof_request& into = out.emplace_back(image);
    for (const std::string& ns : images_.users(image)) {
      const auto part = parts_.find(ns);
      if (part == parts_.end()) continue;
      for (const rules::proof_request& one : part->second->questions) {
        if (one.image.canonical() != image.canonical() || one.image.tag() != image.tag()) continue;
        for (const auto& question : one.questions)
          if (std::ranges::find(into.questions, question) == into.questions.end()) into.questions.push_back(question);
        for (const auto& demand : one.demands)
          if (std::ranges::find(into.demands, demand) == into.demands.end()) into.demands.push_back(demand);
      }
    }
  }
  return out;
}

void registry_feed::take(const std::vector<registry::reference>& asked, std::vector<result<fleet::manifest>> got) {
  for (std::size_t i = 0; i < asked.size() && i < got.size(); ++i) {
    std::optional<std::string> answer;
    if (got[i])
      answer = got[i]->digest.to_string();
    else if (got[i].error().code == error_code::not_found)
      answer = got[i].error().message;
    const bool has_answered = got[i] || !resolve::is_host_trouble(got[i].error().code);
    note(references_.done(asked[i], answer, time_.now(), has_answered));
    answers_.push_back({asked[i], std::move(got[i])});
  }
  touch_answered();
}

void registry_feed::take(const std::vector<registry::reference>& asked, result<std::vector<rules::proofs>> got) {
  const std::string trouble = got ? std::string() : got.error().message;
  if (trouble != verifier_trouble_ && !trouble.empty())
    log::warning("signatures are not checked", {{"reason", trouble}});
  verifier_trouble_ = trouble;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const bool is_answer = got && i < got->size();
    const auto answer = is_answer ? text_of((*got)[i]) : std::nullopt;
    note(images_.done(asked[i], answer, time_.now(), is_answer && !has_trouble((*got)[i])));
    if (is_answer) proofs_.push_back({asked[i], std::move((*got)[i])});
  }
  touch_answered();
}

void registry_feed::note(std::vector<std::string> namespaces) {
  for (std::string& one : namespaces) answered_.insert(std::move(one));
}

// Images that everybody uses are among the first answers, and each would make all rows anew.
void registry_feed::touch_answered() {
  const bool is_first = references_.unasked() > 0 || images_.unasked() > 0;
  if (answered_.empty() || (is_first && time_.now() - touched_ < options_.first_pause)) return;
  for (const std::string& ns : std::exchange(answered_, {})) touch_(ns);
  touched_ = time_.now();
}

std::vector<trouble> registry_feed::troubles() const {
  std::vector<trouble> out;
  if (!verifier_trouble_.empty()) out.push_back({{}, "signatures are not checked: " + verifier_trouble_});
  std::set<std::string> lines;
  for (const auto& [canonical, all] : secret_troubles_) lines.insert(all.begin(), all.end());
  for (const std::string& one : lines) {
    // "namespace shop: …", so that it is told to those who may see it.
    constexpr std::string_view begin = "namespace ";
    const auto colon = one.find(':');
    const bool is_named = one.starts_with(begin) && colon != std::string::npos;
    out.push_back({is_named ? one.substr(begin.size(), colon - begin.size()) : std::string(), one});
  }
  return out;
}

}  // namespace pinhook::console
