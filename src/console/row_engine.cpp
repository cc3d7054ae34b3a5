#include <pinhook/console/row_engine.hpp>

#include <pinhook/console/stored_moves.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/fleet/report_history.hpp>
#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/fleet/state.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace pinhook::console {
namespace {

std::string repository_of(const fleet::row& one) {
  const auto ref = registry::reference::parse(one.image);
  return ref ? fmt::format("{}/{}", ref->registry(), ref->repository()) : one.image;
}

fleet::state state_of(std::vector<namespace_content> all, const fleet::label_selector& wanted) {
  fleet::state_builder builder(wanted);
  for (namespace_content& one : all) {
    if (one.object)
      builder.take(std::move(*one.object));
    else if (!one.objects.empty() || !one.pods.empty())
      builder.take_unread_namespace(one.name);
    for (auto& object : one.objects) builder.take(std::move(object));
    for (auto& pod : one.pods) builder.take(std::move(pod));
  }
  return std::move(builder).finish();
}

// The part of one namespace, for the functions that take a whole state.
std::vector<registry::reference> wanted_of(const fleet::state& all, const std::string& ns) {
  fleet::state part;
  for (const auto& one : all.workloads)
    if (one.id.ns == ns) part.workloads.push_back(one);
  return fleet::wanted_references(part);
}

std::map<std::string, std::vector<registry::tenant>, std::less<>> tenants_of(const fleet::state& all,
                                                                             const std::string& ns) {
  std::map<std::string, std::vector<registry::tenant>, std::less<>> out;
  for (const auto& one : all.workloads) {
    if (one.id.ns != ns) continue;
    for (const auto& use : one.images) {
      const auto ref = registry::reference::parse(use.written.image);
      if (!ref) continue;
      auto& tenants = out[fmt::format("{}/{}", ref->registry(), ref->repository())];
      if (std::ranges::find(tenants, one.pulls_as) == tenants.end()) tenants.push_back(one.pulls_as);
    }
  }
  return out;
}

std::vector<rules::proof_request> questions_of(const std::vector<fleet::row>& rows, const std::string& ns,
                                               const fleet::row_options& options) {
  rules::proof_requests out;
  for (const fleet::row& one : rows)
    if (one.ns == ns) fleet::add_questions(one, options, out);
  return out.take();
}

bool demands_unmoved(const rules::rule_set& of) {
  return std::ranges::any_of(of.rules(), [](const rules::rule& one) {
    return std::ranges::find(one.demands, rules::requirement::unmoved, &rules::demand::requirement) !=
           one.demands.end();
  });
}

// Of the workloads that have some.
std::map<fleet::object_id, std::shared_ptr<const fleet::labels>> labels_of(fleet::state& of) {
  std::map<fleet::object_id, std::shared_ptr<const fleet::labels>> out;
  for (fleet::workload& one : of.workloads)
    if (!one.labels.empty()) out.emplace(one.id, std::make_shared<const fleet::labels>(std::move(one.labels)));
  return out;
}

}  // namespace

row_engine::row_engine(engine_options options, std::unique_ptr<store::history> history)
    : options_(std::move(options)),
      exceptions_(options_.checks),
      history_(std::move(history)),
      asks_for_moves_(demands_unmoved(options_.rules)),
      past_(fleet::rules_of_report(options_.checks)) {}

void row_engine::learn(std::vector<registry_answer> answers) {
  for (registry_answer& one : answers) {
    const std::string name = one.reference.canonical();
    if (one.manifest) {
      const auto digest = one.manifest->digest;
      facts_.manifests.insert_or_assign(digest, std::move(*one.manifest));
      facts_.answers.insert_or_assign(name, digest);
      continue;
    }
    // A registry that cannot be asked now says nothing new: what it said before stays.
    if (one.manifest.error().code == error_code::not_found || !facts_.answers.contains(name))
      facts_.answers.insert_or_assign(name, std::unexpected(std::move(one.manifest.error())));
  }
}

void row_engine::learn(engine_round& from) {
  learn(std::move(from.answers));
  forget(from.dropped);
  for (proof_answer& one : from.proofs) proofs_.put(one.image, std::move(one.answers));
  for (const registry::reference& one : from.dropped_images) proofs_.drop(one);
}

void row_engine::forget(const std::vector<registry::reference>& dropped) {
  if (dropped.empty()) return;
  for (const registry::reference& one : dropped) facts_.answers.erase(one.canonical());
  std::set<registry::digest> kept;
  for (const auto& [name, answer] : facts_.answers)
    if (answer) kept.insert(*answer);
  std::erase_if(facts_.manifests, [&](const auto& one) { return !kept.contains(one.first); });
}

bool row_engine::has_answers(const std::vector<registry::reference>& all) const {
  return std::ranges::all_of(all, [&](const registry::reference& one) {
    const auto found = facts_.answers.find(one.canonical());
    return found != facts_.answers.end() && (found->second || found->second.error().code == error_code::not_found);
  });
}

result<void> row_engine::remember(fleet::report& r, bool is_whole, bool has_all_answers) {
  fleet::reading_scope scope{.server = options_.server};
  for (const auto& [name, state] : r.namespaces) scope.namespaces.push_back(name);
  if (!is_whole) scope.unread.insert("");
  scope.has_selector = options_.shares_history && !options_.selector.is_empty();
  scope.has_all_answers = has_all_answers;
  std::vector<store::past_finding> resolved;
  const auto records = history_->add(fleet::observation_of(r, scope), &resolved);
  if (!records) return fail(records.error());
  fleet::take_records(r.rows, *records);
  past_.end(std::move(resolved));
  return {};
}

result<void> row_engine::read_earlier(wall_time now) {
  if (!history_ || !asks_for_moves_) return {};
  if (earlier_read_ && now >= *earlier_read_ && now - *earlier_read_ < options_.past_age) return {};
  auto earlier = earlier_moves(*history_, options_.rules, now);
  if (!earlier) return fail(std::move(earlier.error()));
  earlier_ = std::move(*earlier);
  earlier_read_ = now;
  return {};
}

result<void> row_engine::read_moves(wall_time now) {
  if (!history_ || (moves_read_ && now >= *moves_read_ && now - *moves_read_ < options_.past_age)) return {};
  auto moves = history_->moves(now - fleet::shown_history);
  if (!moves) return fail(std::move(moves.error()));
  moves_ = std::move(*moves);
  moves_read_ = now;
  return {};
}

result<void> row_engine::load_past(wall_time now) {
  if (has_past_ || !history_) return {};
  if (auto ok = past_.load(*history_, options_.server, now); !ok) return ok;
  has_past_ = true;
  const auto is_watched = [&](const std::string& ns) {
    return options_.namespaces.empty() || std::ranges::find(options_.namespaces, ns) != options_.namespaces.end();
  };
  std::ranges::copy_if(past_.stored_namespaces(), std::inserter(unseen_, unseen_.end()), is_watched);
  return {};
}

// Namespaces that went while nobody watched.
void row_engine::add_gone_namespaces(engine_round& to) {
  for (const namespace_content& one : to.namespaces) unseen_.erase(one.name);
  if (!to.is_complete || !to.is_whole) return;
  for (const std::string& name : std::exchange(unseen_, {})) to.namespaces.emplace_back().name = name;
}

round_result row_engine::run(engine_round round) {
  round_result out;
  if (auto ok = load_past(round.now); !ok) out.trouble = std::move(ok.error());
  if (auto ok = read_earlier(round.now); !ok) out.trouble = std::move(ok.error());
  add_gone_namespaces(round);
  learn(round);
  fleet::report all;
  all.made_at = round.now;
  all.has_registry = options_.asks_registries;
  std::vector<std::string> names;
  for (const namespace_content& one : round.namespaces) names.push_back(one.name);
  fleet::state state = state_of(std::move(round.namespaces), options_.selector);
  const fleet::row_options row_options{.checks = &options_.checks,
                                       .what_if = std::nullopt,
                                       .format = options_.format,
                                       .proofs = options_.asks_verifiers ? &proofs_ : nullptr,
                                       .moves = asks_for_moves_ ? &earlier_ : nullptr,
                                       .now = round.now};
  all.rows = fleet::make_rows(state, options_.asks_registries ? &facts_ : nullptr, row_options);
  all.namespaces = state.namespaces;
  // One that is gone has no rows any more, which the store has to know.
  for (const std::string& name : names) all.namespaces.try_emplace(name, fleet::namespace_state{false, std::nullopt});
  const auto wanted = fleet::wanted_references(state);
  if (history_ && !names.empty()) {
    auto done = remember(all, round.is_whole, options_.asks_registries && has_answers(wanted));
    if (!done) out.trouble = std::move(done.error());
  }
  // Of moves that this round saw, too.
  if (auto ok = read_moves(all.made_at); !ok) out.trouble = std::move(ok.error());
  if (round.wants_moves && history_) {
    auto made_moves = stored_moves(
        *history_, {.cooldown = options_.moves_cooldown, .written = all.made_at, .rules = &options_.rules});
    if (made_moves)
      out.moves = std::move(*made_moves);
    else
      out.trouble = std::move(made_moves.error());
  }
  fleet::add_history(all.rows, moves_, {});
  past_.add_resolved(all.rows, all.made_at);
  std::map<std::string, std::vector<const fleet::row*>, std::less<>> by_namespace;
  for (const std::string& name : names) by_namespace[name];
  for (const fleet::row& one : all.rows) by_namespace[one.ns].push_back(&one);
  for (const auto& [name, rows] : by_namespace) past_.count(name, rows, all.made_at);
  out.days = past_.days();
  std::map<std::string, std::shared_ptr<namespace_view>, std::less<>> made;
  for (const fleet::namespace_counts& one : fleet::counts_of(all)) {
    if (!state.namespaces.contains(one.name)) {
      out.namespaces.emplace(one.name, nullptr);
      continue;
    }
    auto view = std::make_shared<namespace_view>();
    view->name = one.name;
    view->mode = one.mode;
    view->counts = one;
    if (options_.asks_registries) view->wanted = wanted_of(state, one.name);
    if (options_.reads_pull_secrets) view->tenants = tenants_of(state, one.name);
    if (options_.asks_verifiers) view->questions = questions_of(all.rows, one.name, row_options);
    made.emplace(one.name, std::move(view));
  }
  const auto labels = labels_of(state);
  for (fleet::row& one : all.rows) {
    shown_row shown{.row = std::move(one), .repository = {}};
    shown.repository = repository_of(shown.row);
    shown.exceptions = exceptions_.of(shown.row);
    if (const auto found = labels.find(shown.row.owner); found != labels.end()) shown.labels = found->second;
    made.at(shown.row.ns)->rows.push_back(std::move(shown));
  }
  for (auto& [name, view] : made) out.namespaces.insert_or_assign(name, std::move(view));
  return out;
}

}  // namespace pinhook::console
