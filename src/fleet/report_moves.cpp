#include <pinhook/fleet/report_moves.hpp>

#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace pinhook::fleet {
namespace {

bool has_cooldown(const rules::rule_set& rules, const registry::reference& ref) {
  return std::ranges::any_of(rules.matching(ref),
                             [&](std::uint32_t at) { return rules.rules()[at].cooldown.has_value(); });
}

// The cooldowns of the rules, without exceptions from them.
std::set<std::chrono::nanoseconds> lengths_of(const rules::rule_set* rules) {
  std::set<std::chrono::nanoseconds> out;
  if (rules == nullptr) return out;
  for (const rules::rule& one : rules->rules())
    if (one.cooldown && one.cooldown->count() > 0) out.insert(*one.cooldown);
  return out;
}

class moves_maker {
 public:
  explicit moves_maker(const moves_options& options)
      : options_(options),
        rules_(options.rules != nullptr && options.rules->longest_cooldown() ? options.rules : nullptr),
        lengths_(lengths_of(rules_)),
        out_{.moves = {options.written, options.cooldown}} {
    room_ = options.most_bytes - std::min(options.most_bytes, files::write_moves(out_.moves).size());
  }

  void add(const store::waiting_tag& tag) {
    auto before = registry::digest::parse(tag.before);
    if (!before) return;
    resolve::tag_before all{*std::move(before), tag.since, tag.change};
    for (const store::stood_tag& one : tag.between)
      if (auto digest = registry::digest::parse(one.digest)) all.between.push_back({*std::move(digest), one.length});
    keep_needed(all.between);
    // Back at what it had, for every cooldown.
    if (tag.now == tag.before && all.between.empty()) return add(tag.reference, tag.now, std::nullopt);
    add(tag.reference, tag.now, std::move(all));
  }
  void add(const store::known_tag& tag) { add(tag.reference, tag.digest, std::nullopt); }

  made_moves done() { return std::move(out_); }

 private:
  void add(std::string_view reference, std::string_view text, std::optional<resolve::tag_before> before) {
    const auto ref = registry::reference::parse(reference);
    auto digest = registry::digest::parse(text);
    if (!ref || !digest || out_.moves.find(ref->canonical()) != nullptr) return;
    if (!before && rules_ != nullptr && !has_cooldown(*rules_, *ref)) return;
    const bool is_moved = before.has_value();
    resolve::seen_tag tag{*std::move(digest), std::move(before)};
    const std::size_t size = files::line_size(ref->canonical(), tag);
    if (size > room_ || out_.moves.tags().size() == options_.most_tags) {
      ++out_.left_out;
      if (is_moved) ++out_.left_out_moved;
      return;
    }
    room_ -= size;
    out_.moves.put(*ref, std::move(tag));
  }

  // The digest that each cooldown asks for; without known ones those that stood longest, so that a shorter cooldown
  // gets an older digest rather than a newer one.
  void keep_needed(std::vector<resolve::stood_digest>& between) const {
    if (rules_ == nullptr) {
      between.erase(between.begin() + static_cast<std::ptrdiff_t>(std::min(between.size(), options_.most_between)),
                    between.end());
      return;
    }
    std::set<std::size_t> needed;
    for (const auto length : lengths_)
      for (std::size_t i = between.size(); i-- > 0;)
        if (between[i].length >= length) {
          needed.insert(i);
          break;
        }
    std::vector<resolve::stood_digest> kept;
    for (const std::size_t at : needed) kept.push_back(std::move(between[at]));
    between = std::move(kept);
  }

  const moves_options& options_;
  const rules::rule_set* rules_;
  const std::set<std::chrono::nanoseconds> lengths_;
  std::size_t room_ = 0;
  made_moves out_;
};

}  // namespace

made_moves moves_of(std::vector<store::waiting_tag> waiting, std::vector<store::known_tag> tags,
                    const moves_options& options) {
  std::ranges::sort(waiting, [](const store::waiting_tag& a, const store::waiting_tag& b) {
    return std::tie(b.since, a.reference) < std::tie(a.since, b.reference);
  });
  std::ranges::sort(tags, [](const store::known_tag& a, const store::known_tag& b) {
    return std::tie(b.last_seen, a.reference) < std::tie(a.last_seen, b.reference);
  });
  moves_maker maker(options);
  std::set<std::string_view> moved;
  for (const auto& tag : waiting) {
    moved.insert(tag.reference);
    maker.add(tag);
  }
  for (const auto& tag : tags)
    if (!moved.contains(tag.reference)) maker.add(tag);
  return maker.done();
}

}  // namespace pinhook::fleet
