#include <pinhook/fleet/report_moves.hpp>

#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace pinhook::fleet {
namespace {

bool has_cooldown(const rules::rule_set& rules, const registry::reference& ref) {
  return std::ranges::any_of(rules.matching(ref),
                             [&](std::uint32_t at) { return rules.rules()[at].cooldown.has_value(); });
}

class moves_maker {
 public:
  explicit moves_maker(const moves_options& options)
      : options_(options),
        rules_(options.rules != nullptr && options.rules->longest_cooldown() ? options.rules : nullptr),
        out_{.moves = {options.written, options.cooldown}} {
    room_ = options.most_bytes - std::min(options.most_bytes, files::write_moves(out_.moves).size());
  }

  void add(const store::waiting_tag& tag) {
    auto before = registry::digest::parse(tag.before);
    if (before) add(tag.reference, tag.now, resolve::tag_before{*std::move(before), tag.since, tag.change});
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

  const moves_options& options_;
  const rules::rule_set* rules_;
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
