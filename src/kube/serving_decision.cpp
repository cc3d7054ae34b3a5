#include <pinhook/kube/serving_decision.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pinhook::kube {
namespace {

using certificates = std::vector<x509_certificate>;

// The lag after which a leaf is issued by the new authority, and the looks after which every replica shows it.
constexpr int settles_in_overlap = 3;

bool holds(const certificates& all, const x509_certificate& one) { return std::ranges::find(all, one) != all.end(); }

// The time at which pinhook made it: it is valid from `backdated` before that.
wall_time issued_at(const x509_certificate& c) {
  const wall_time made = c.not_before() + backdated;
  return made < c.not_after() ? made : c.not_before();
}

bool is_past_two_thirds(const x509_certificate& c, wall_time now) {
  const auto made = issued_at(c);
  return now >= made + (c.not_after() - made) / 3 * 2;
}

std::chrono::seconds overlap_of(const serving_policy& r) { return std::max(r.overlap, settles_in_overlap * r.settle); }

bool is_settled(const replica_memory& memory, const x509_certificate& authority, const serving_facts& facts,
                const serving_policy& policy) {
  const auto since = memory.in_all_since.find(authority.fingerprint());
  return since != memory.in_all_since.end() && facts.steady - since->second >= policy.settle;
}

// The authorities that stay trusted. For a whole state: its own. Where something is lost also those that this replica
// remembers and those that the entries trust: other replicas may serve leaves of them, and no call must fail for it.
// That extends trust by `overlap` only, and a writer of caBundles can make itself trusted anyway.
certificates known_authorities(const serving_facts& facts, const replica_memory& memory) {
  certificates out;
  const auto add = [&](const certificates& more) {
    for (const auto& one : more)
      if (one.is_authority() && one.not_after() >= facts.now && !holds(out, one)) out.push_back(one);
  };
  if (facts.stored) add(facts.stored->usable.authorities);
  if (facts.stored && facts.stored->is_whole()) return out;
  add(memory.authorities);
  if (facts.entries)
    for (const auto& entry : *facts.entries) add(entry.authorities);
  return out;
}

// The authority of the stored key. For a whole state: the first. When ca.crt was lost, the key finds its authority
// again.
const x509_certificate* newest_of(const certificates& known, const std::optional<stored_state>& stored) {
  if (!stored || stored->usable.authority_key.is_empty()) return nullptr;
  if (stored->is_whole()) {
    // It is not in `known` when it has expired.
    const auto& first = stored->usable.authorities.front();
    const auto found = std::ranges::find(known, first);
    return found == known.end() ? nullptr : &*found;
  }
  const auto found =
      std::ranges::find_if(known, [&](const auto& one) { return one.has_key(stored->usable.authority_key); });
  return found == known.end() ? nullptr : &*found;
}

certificate_names joined_names(const x509_certificate& leaf, const certificate_names& names) {
  certificate_names out = names;
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
    for (const auto& one : more)
      if (std::ranges::find(to, one) == to.end()) to.push_back(one);
  };
  add(out.dns_names, leaf.dns_names());
  add(out.addresses, leaf.addresses());
  return out.dns_names.size() + out.addresses.size() > max_names ? names : out;
}

// One decision about the state to be stored, in its steps.
class state_decision {
 public:
  state_decision(const serving_facts& facts, const replica_memory& memory, const serving_policy& policy)
      : facts_(facts), memory_(memory), policy_(policy), known_(known_authorities(facts, memory)) {}

  std::optional<state_plan> make() {
    if (!facts_.stored)
      because("there is no Secret");
    else if (!facts_.stored->is_whole())
      because(fmt::format("the Secret is damaged: {}", fmt::join(facts_.stored->faults, "; ")));
    choose_authority();
    choose_leaf();
    drop_authorities();
    if (plan_.reason.empty()) return std::nullopt;
    return std::move(plan_);
  }

 private:
  void because(std::string_view reason) {
    plan_.reason += plan_.reason.empty() ? "" : "; ";
    plan_.reason += reason;
  }

  void choose_authority() {
    const x509_certificate* found = newest_of(known_, facts_.stored);
    if (found != nullptr && found->is_valid_at(facts_.now) && !is_past_two_thirds(*found, facts_.now)) {
      newest_ = *found;
      plan_.kept.authority_key = facts_.stored->usable.authority_key;
      plan_.kept.authorities.push_back(*newest_);
    } else {
      plan_.new_authority = true;
      if (found != nullptr)
        because(found->is_valid_at(facts_.now) ? "the newest authority is past two thirds of its life"
                                               : "the newest authority is not valid yet");
      else if (is_whole())
        because("the newest authority has expired");
    }
    for (const auto& one : known_)
      if (!holds(plan_.kept.authorities, one)) plan_.kept.authorities.push_back(one);
  }

  bool is_usable(const served_pair& p) const {
    return p.leaf.is_valid_at(facts_.now) && issuer_of(p.leaf, plan_.kept.authorities) != nullptr;
  }

  // The stored pair, else the one that this replica serves, since others may serve it, too.
  void choose_leaf() {
    if (facts_.stored && facts_.stored->usable.served && is_usable(*facts_.stored->usable.served)) {
      plan_.kept.served = facts_.stored->usable.served;
    } else if (memory_.served && is_usable(*memory_.served)) {
      plan_.kept.served = memory_.served;
      because("the certificate that is served is stored again");
    }
    plan_.leaf_names = policy_.names;
    if (!plan_.kept.served) return issue("there is no usable certificate");

    const x509_certificate& leaf = plan_.kept.served->leaf;
    const bool is_by_newest = newest_ && leaf.is_issued_by(*newest_);
    const auto missing = missing_name(leaf, policy_.names);
    if (missing) plan_.leaf_names = joined_names(leaf, policy_.names);
    if (missing && !has_any_name(leaf, policy_.names)) return issue("the certificate is for none of our names");
    // Until every API server knows the newest authority, no leaf of it must be served.
    if (!is_by_newest && !(newest_ && is_settled(memory_, *newest_, facts_, policy_))) return;
    if (missing) return issue(fmt::format("the certificate is not for the name {}", quoted(*missing)));
    if (!is_by_newest) return issue("every API server knows the newest authority by now");
    if (is_past_two_thirds(leaf, facts_.now)) issue("the certificate is past two thirds of its life");
  }

  void issue(std::string_view reason) {
    plan_.new_leaf = true;
    because(reason);
  }

  void drop_authorities() {
    auto& all = plan_.kept.authorities;
    const x509_certificate* leaf = plan_.kept.served ? &plan_.kept.served->leaf : nullptr;
    const bool is_over = newest_ && !plan_.new_leaf && leaf != nullptr && leaf->is_issued_by(*newest_) &&
                         facts_.now - issued_at(*leaf) >= overlap_of(policy_);
    if (is_over) all.resize(1, all.front());
    // The oldest are dropped, but not the issuer of the pair that is still served.
    const std::size_t most = max_authorities - (plan_.new_authority ? 1U : 0U);
    while (all.size() > most) {
      const bool keep_last = leaf != nullptr && leaf->is_issued_by(all.back());
      all.erase(all.end() - (keep_last ? 2 : 1));
    }
    if (is_whole() && plan_.reason.empty() && all != facts_.stored->usable.authorities)
      because("authorities that are no longer needed are removed");
  }

  bool is_whole() const { return facts_.stored && facts_.stored->is_whole(); }

  const serving_facts& facts_;
  const replica_memory& memory_;
  const serving_policy& policy_;
  const certificates known_;
  std::optional<x509_certificate> newest_;
  state_plan plan_;
};

std::optional<bundle_plan> decide_bundles(const serving_facts& facts) {
  if (!facts.entries || !facts.stored || !facts.stored->is_whole()) return std::nullopt;
  const auto& authorities = facts.stored->usable.authorities;
  bundle_plan out;
  for (const auto& one : *facts.entries) {
    if (one.has_just(authorities)) continue;
    if (out.entries.empty())
      out.reason = fmt::format("the caBundle of webhook {} {}", quoted(one.name),
                               one.is_empty ? "is empty" : "is not that of the Secret");
    out.entries.push_back(one.name);
  }
  if (out.entries.empty()) return std::nullopt;
  out.bundle = render_bundle(authorities);
  return out;
}

// The stored pair, once it can be served without a failing call.
std::optional<served_pair> decide_pair(const serving_facts& facts, const replica_memory& memory,
                                       const serving_policy& policy) {
  if (!facts.stored || !facts.stored->usable.served) return std::nullopt;
  const served_pair& stored = *facts.stored->usable.served;
  if (!stored.leaf.is_valid_at(facts.now)) return std::nullopt;
  if (!memory.served) return stored;
  const served_pair& shown = *memory.served;
  if (stored == shown) return std::nullopt;
  const auto& authorities = facts.stored->usable.authorities;
  const x509_certificate* issuer = issuer_of(stored.leaf, authorities);
  if (issuer == nullptr) return std::nullopt;
  // Taken at once when the present pair is not trusted, or will not be as soon as the bundles are those of the Secret.
  // The latter is unknown for a damaged Secret.
  if (!shown.leaf.is_valid_at(facts.now)) return stored;
  if (facts.stored->is_whole() && issuer_of(shown.leaf, authorities) == nullptr) return stored;
  if (shown.leaf.is_issued_by(*issuer) || is_settled(memory, *issuer, facts, policy)) return stored;
  return std::nullopt;
}

// True when every API server knows the issuer of the served pair. A replica that was just started has not made enough
// looks to know, so the state decides, too: with one authority no other replica serves a better pair, and a leaf that
// is older than `settle` was stored by a replica that had waited.
bool is_known_everywhere(const served_pair& shown, const serving_facts& facts, const replica_memory& memory,
                         const serving_policy& policy) {
  if (!facts.stored || !facts.stored->is_whole()) return false;
  const auto& authorities = facts.stored->usable.authorities;
  const x509_certificate* issuer = issuer_of(shown.leaf, authorities);
  if (issuer == nullptr) return false;
  if (memory.served && memory.is_settled && (*memory.served == shown || memory.served->leaf.is_issued_by(*issuer)))
    return true;
  return authorities.size() == 1 || is_settled(memory, *issuer, facts, policy) ||
         facts.now - issued_at(shown.leaf) >= policy.settle;
}

std::optional<std::string> decide_distrust(const served_pair* shown, bool is_known, const serving_facts& facts,
                                           const serving_policy& policy) {
  if (shown == nullptr) return "there is no certificate yet";
  if (!facts.entries) return "its MutatingWebhookConfiguration does not exist yet";
  if (auto distrust = distrust_of({shown->leaf}, *facts.entries, facts.now)) return distrust;
  if (const auto missing = missing_name(shown->leaf, policy.names))
    return fmt::format("the certificate is not for the name {}", quoted(*missing));
  if (!is_known) return "not every API server may know the certificate's authority yet";
  return std::nullopt;
}

}  // namespace

result<void> check_policy(const serving_policy& r) {
  constexpr int settles_in_life = 6;
  if (r.names.dns_names.empty() && r.names.addresses.empty())
    return fail(error_code::invalid_input, "a serving certificate needs a name");
  if (r.names.dns_names.size() + r.names.addresses.size() > max_names)
    return fail(error_code::invalid_input, fmt::format("a serving certificate has {} names at most", max_names));
  if (r.settle.count() < 0 || r.overlap.count() < 0)
    return fail(error_code::invalid_input, "a time to settle or to overlap cannot be negative");
  if (r.lifetime.count() <= 0 || r.lifetime < settles_in_life * r.settle)
    return fail(
        error_code::invalid_input,
        fmt::format("a certificate that lives {} s cannot be renewed in time: it takes six times the {} s until "
                    "every API server knows a new authority",
                    r.lifetime.count(), r.settle.count()));
  if (r.authority_lifetime < r.lifetime)
    return fail(error_code::invalid_input, "an authority cannot live shorter than the certificates it issues");
  return {};
}

void observe(replica_memory& memory, const serving_facts& facts) {
  if (facts.stored && facts.stored->is_whole()) memory.authorities = facts.stored->usable.authorities;
  std::map<std::string, steady_time, std::less<>> in_all;
  if (facts.entries) {
    for (const auto& one : memory.authorities) {
      if (!all_have(*facts.entries, one)) continue;
      const auto before = memory.in_all_since.find(one.fingerprint());
      in_all.emplace(one.fingerprint(), before == memory.in_all_since.end() ? facts.steady : before->second);
    }
  }
  memory.in_all_since = std::move(in_all);
}

serving_decision decide(const serving_facts& facts, const replica_memory& memory, const serving_policy& policy) {
  serving_decision out;
  out.bundles = decide_bundles(facts);
  out.state = state_decision(facts, memory, policy).make();
  out.serve = decide_pair(facts, memory, policy);
  const served_pair* shown = out.serve ? &*out.serve : memory.served ? &*memory.served : nullptr;
  const bool is_known = shown != nullptr && is_known_everywhere(*shown, facts, memory, policy);
  const bool was_settled = memory.is_settled && !out.serve;
  out.distrust = decide_distrust(shown, is_known || was_settled, facts, policy);
  out.is_settled = was_settled || (is_known && !out.distrust);
  return out;
}

result<serving_state> make_state(const state_plan& plan, const serving_policy& policy, const clock& time) {
  serving_state out = plan.kept;
  if (plan.new_authority) {
    auto made = make_authority(
        {.common_name = "pinhook authority", .lifetime = policy.authority_lifetime, .backdated = backdated}, time);
    if (!made) return fail(std::move(made.error()));
    auto read = x509_certificate::parse(made->certificate);
    if (!read) return fail(std::move(read.error()));
    out.authorities.insert(out.authorities.begin(), *std::move(read));
    out.authority_key = std::move(made->key);
  }
  if (!plan.new_leaf) return out;
  if (out.authorities.empty()) return fail(error_code::internal, "a certificate was to be issued by no authority");
  const x509_certificate& issuer = out.authorities.front();
  certificate_request request;
  request.common_name = "pinhook";
  request.dns_names = plan.leaf_names.dns_names;
  request.addresses = plan.leaf_names.addresses;
  request.lifetime =
      std::min(policy.lifetime, std::chrono::floor<std::chrono::seconds>(issuer.not_after() - time.wall()));
  request.backdated = backdated;
  auto made = make_leaf({issuer.pem(), out.authority_key}, request, time);
  if (!made) return fail(std::move(made.error()));
  auto read = served_pair::read(*std::move(made));
  if (!read) return fail(std::move(read.error()));
  out.served = *std::move(read);
  return out;
}

}  // namespace pinhook::kube
