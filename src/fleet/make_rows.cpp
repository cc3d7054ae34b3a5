#include <pinhook/fleet/make_rows.hpp>

#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/pin/recorded_pins.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::fleet {
namespace {

/// A row's image, and what its workload's record says of it.
struct meaning {
  std::optional<registry::reference> ref;
  /// The tag reference that is meant: of a pin the tag in it, or of the record.
  std::optional<registry::reference> tag;
  /// The digest that is pinned: written, or recorded for the tag.
  std::optional<registry::digest> recorded;
};

pin::recorded_pins record_of(const workload& w) {
  if (!w.pins) return {};
  auto parsed = pin::recorded_pins::parse(w.pins->text);
  return parsed ? std::move(*parsed) : pin::recorded_pins();
}

meaning meaning_of(const image_use& use, const pin::recorded_pins& record) {
  meaning out;
  auto ref = registry::reference::parse(use.written.image);
  if (!ref) return out;
  if (!ref->is_pinned()) {
    if (const auto* held = record.find(ref->canonical())) out.recorded = *held;
    out.tag = *ref;
  } else if (!ref->tag().empty()) {
    auto tag = registry::reference::parse(fmt::format("{}:{}", ref->written_name(), ref->tag()));
    if (tag) out.tag = std::move(*tag);
  } else {
    out.tag = record.tag_of(*ref);
  }
  out.ref = std::move(*ref);
  return out;
}

// "none" where the namespace did not opt in.
std::string mode_text(const namespace_state& of) {
  if (!of.was_read) return "unknown";
  const auto mode = of.mode();
  return mode ? std::string(pin::to_string(*mode)) : "none";
}

bool is_mixed(const std::vector<running_digest>& running, const manifests& known) {
  for (std::size_t i = 1; i < running.size(); ++i)
    if (same_image(running[0].digest, running[i].digest, known) != true) return true;
  return false;
}

// True when any of them is certainly another image; nothing when one cannot be compared.
std::optional<bool> differs(const registry::digest& written, const std::vector<running_digest>& running,
                            const manifests& known) {
  if (running.empty()) return std::nullopt;
  bool is_known = true;
  for (const running_digest& one : running) {
    const auto same = same_image(written, one.digest, known);
    if (same == false) return true;
    if (!same) is_known = false;
  }
  return is_known ? std::optional(false) : std::nullopt;
}

class row_maker {
 public:
  row_maker(const state& of, const registry_facts* facts, const row_options& options)
      : of_(of), facts_(facts), options_(options), known_(facts == nullptr ? nothing() : facts->manifests) {}

  std::vector<row> all() {
    std::vector<row> out;
    for (const workload& w : of_.workloads) {
      const pin::recorded_pins record = record_of(w);
      for (const image_use& use : w.images) out.push_back(from(w, use, record));
    }
    return out;
  }

 private:
  static const manifests& nothing() {
    static const manifests none;
    return none;
  }

  row from(const workload& w, const image_use& use, const pin::recorded_pins& record) {
    row out;
    out.ns = w.id.ns;
    out.owner = w.id;
    out.owner_was_read = w.was_read;
    out.container = use.written.container;
    out.type = use.written.type;
    out.image = use.written.image;
    out.pointer = use.written.pointer;
    out.written = class_of(use.written.image);
    out.is_in_workload = use.is_in_workload;
    const auto ns = of_.namespaces.find(w.id.ns);
    out.mode = mode_text(ns == of_.namespaces.end() ? namespace_state{false, {}} : ns->second);
    out.pods = use.pods;
    out.unknown_pods = use.unknown;
    out.running = use.running;
    out.is_mixed = is_mixed(use.running, known_);
    const meaning means = meaning_of(use, record);
    if (means.ref && means.ref->is_pinned()) out.differs = differs(*means.ref->digest(), use.running, known_);
    if (w.pins && (means.recorded || (means.ref && means.ref->is_pinned() && record.tag_of(*means.ref))))
      out.pinned_at = w.pins->written_at;
    compare_with_registry(means, out);
    add_findings({out, means.ref, means.tag, means.recorded, use.written.pull_policy, options_, facts_ != nullptr});
    return out;
  }

  void compare_with_registry(const meaning& means, row& out) const {
    if (means.tag) out.tag = means.tag->effective_tag();
    if (means.ref && means.ref->is_pinned())
      out.baseline = means.ref->digest();
    else if (means.recorded)
      out.baseline = means.recorded;
    else if (out.running.size() == 1 && out.unknown_pods == 0)
      out.baseline = out.running.front().digest;
    if (facts_ == nullptr || !means.ref) return;
    if (means.ref->is_pinned()) out.gone = gone(means.ref->canonical());
    if (!means.tag) return;
    const auto found = facts_->answers.find(means.tag->canonical());
    if (found == facts_->answers.end()) return;
    if (!found->second) {
      if (found->second.error().code == error_code::not_found) out.unresolved = found->second.error().message;
      return;
    }
    out.tag_digest = *found->second;
    if (!out.baseline) return;
    const bool is_pin = means.ref->is_pinned() || means.recorded;
    out.moved = move_of(*out.baseline, *out.tag_digest, known_, out.tag, out.gone == true);
    // A runtime that names the platform's manifest runs what the tag says.
    if (!is_pin && same_image(*out.baseline, *out.tag_digest, known_) == true) out.moved = move::none;
  }

  [[nodiscard]] std::optional<bool> gone(const std::string& canonical) const {
    const auto found = facts_->answers.find(canonical);
    if (found == facts_->answers.end()) return std::nullopt;
    if (found->second) return false;
    if (found->second.error().code == error_code::not_found) return true;
    return std::nullopt;
  }

  const state& of_;
  const registry_facts* facts_;
  const row_options& options_;
  const manifests& known_;
};

// The tags and the pinned digests of all images, as often as they are used.
template <class F>
void each_reference(const state& of, F take) {
  for (const workload& w : of.workloads) {
    const pin::recorded_pins record = record_of(w);
    for (const image_use& use : w.images) {
      const meaning means = meaning_of(use, record);
      if (means.ref && means.ref->is_pinned()) take(*means.ref, w);
      if (means.tag) take(*means.tag, w);
    }
  }
}

}  // namespace

std::vector<registry::reference> wanted_references(const state& of) {
  std::map<std::string, registry::reference> all;
  each_reference(of, [&](const registry::reference& one, const workload&) { all.try_emplace(one.canonical(), one); });
  std::vector<registry::reference> out;
  out.reserve(all.size());
  for (auto& [canonical, ref] : all) out.push_back(std::move(ref));
  return out;
}

std::map<std::string, std::vector<registry::tenant>, std::less<>> asking_tenants(const state& of) {
  std::map<std::string, std::vector<registry::tenant>, std::less<>> out;
  each_reference(of, [&](const registry::reference& one, const workload& by) {
    auto& all = out[one.canonical()];
    if (std::ranges::find(all, by.pulls_as) == all.end()) all.push_back(by.pulls_as);
  });
  return out;
}

std::vector<row> make_rows(const state& of, const registry_facts* facts, const row_options& options) {
  return row_maker(of, facts, options).all();
}

}  // namespace pinhook::fleet
