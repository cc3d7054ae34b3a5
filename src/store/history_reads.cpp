// What the store answers.
#include <pinhook/store/history.hpp>
#include <pinhook/store/stored_text.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pinhook::store {
namespace {

past_finding finding_at(const statement& row) {
  past_finding out{{row.text(0), row.text(1), row.text(2), row.text(3)},
                   {row.text(4), {}, moment_of(row.number(6)), moment_of(row.number(7))}};
  out.times.message = message_of(row.text(5), out.use.image);
  if (!row.is_null(8)) out.resolved = moment_of(row.number(8));
  return out;
}

// The graver change of a tag counts for several moves in a row.
int weight_of(std::string_view change) {
  constexpr std::array<std::string_view, 4> lightest_first{"", "list", "bytes", "version-tag"};
  return static_cast<int>(std::ranges::find(lightest_first, change) - lightest_first.begin());
}

// The digest that the tag had until `at` ends. It is the one before when it stood for a whole cooldown, and else
// matters to shorter ones: those that stood no longer before it do not matter any more.
void take_end(waiting_tag& tag, wall_time at, std::chrono::seconds cooldown) {
  const auto length = std::chrono::duration_cast<std::chrono::seconds>(at - tag.since);
  if (length.count() <= 0) return;
  if (length >= cooldown) {
    tag.before = tag.now;
    tag.change.clear();
    tag.between.clear();
    return;
  }
  while (!tag.between.empty() && tag.between.back().length <= length) tag.between.pop_back();
  if (!tag.between.empty() || tag.now != tag.before) tag.between.push_back({tag.now, length});
}

}  // namespace

result<void> history::each_finding(const std::string& cluster, wall_time since,
                                   const std::function<void(past_finding)>& take, std::string_view order) {
  const std::string text =
      "SELECT p.namespace, p.owner, p.container, u.image, k.text, m.text, f.first_seen, f.last_seen, f.resolved "
      "FROM finding f JOIN image_use u ON u.id = f.image_use JOIN place p ON p.id = u.place "
      "JOIN cluster c ON c.id = p.cluster JOIN text k ON k.id = f.kind JOIN text m ON m.id = f.message "
      "WHERE c.name = ?1 AND (f.resolved IS NULL OR f.resolved >= ?2)";
  auto all = database_->prepare(text + std::string(order));
  if (!all) return fail(std::move(all.error()));
  all->bind(1, cluster).bind(2, seconds_of(since));
  for (;;) {
    const auto row = all->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    take(finding_at(*all));
  }
}

result<void> history::each_finding(const std::string& cluster, wall_time since,
                                   const std::function<void(past_finding)>& take) {
  return each_finding(cluster, since, take, {});
}

result<std::vector<past_finding>> history::findings(const std::string& cluster, wall_time since) {
  std::vector<past_finding> out;
  const auto done = each_finding(
      cluster, since, [&](past_finding one) { out.push_back(std::move(one)); },
      " ORDER BY f.last_seen DESC, f.image_use DESC, f.first_seen DESC, k.text");
  if (!done) return fail(done.error());
  return out;
}

result<void> history::each_use(const std::string& cluster, wall_time since, const std::function<void(past_use)>& take) {
  auto all = database_->prepare(
      "SELECT p.namespace, p.owner, p.container, u.image, u.first_seen, u.ended FROM image_use u "
      "JOIN place p ON p.id = u.place JOIN cluster c ON c.id = p.cluster "
      "WHERE c.name = ?1 AND (u.ended IS NULL OR u.ended >= ?2)");
  if (!all) return fail(std::move(all.error()));
  all->bind(1, cluster).bind(2, seconds_of(since));
  for (;;) {
    const auto row = all->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    past_use one{{all->text(0), all->text(1), all->text(2), all->text(3)}, moment_of(all->number(4)), {}};
    if (!all->is_null(5)) one.ended = moment_of(all->number(5));
    take(std::move(one));
  }
}

result<std::vector<tag_move>> history::moves(wall_time since) {
  auto all = database_->prepare(
      "SELECT reference, before, after, change, at FROM tag_move WHERE at >= ?1 ORDER BY at DESC, id DESC");
  if (!all) return fail(std::move(all.error()));
  all->bind(1, seconds_of(since));
  std::vector<tag_move> out;
  for (;;) {
    const auto row = all->step();
    if (!row) return fail(row.error());
    if (!*row) return out;
    out.push_back({all->text(0), all->text(1), all->text(2), all->text(3), moment_of(all->number(4))});
  }
}

result<std::vector<known_tag>> history::tags(wall_time since) {
  auto all = database_->prepare(
      "SELECT reference, digest, first_seen, last_seen FROM tag WHERE last_seen >= ?1 ORDER BY reference");
  if (!all) return fail(std::move(all.error()));
  all->bind(1, seconds_of(since));
  std::vector<known_tag> out;
  for (;;) {
    const auto row = all->step();
    if (!row) return fail(row.error());
    if (!*row) return out;
    out.push_back({all->text(0), all->text(1), moment_of(all->number(2)), moment_of(all->number(3))});
  }
}

result<std::vector<waiting_tag>> history::waiting(wall_time now, std::chrono::nanoseconds cooldown) {
  const auto length = std::chrono::duration_cast<std::chrono::seconds>(cooldown).count();
  auto all = database_->prepare(
      "SELECT reference, before, after, at, change FROM tag_move WHERE reference IN "
      "(SELECT reference FROM tag_move WHERE at > ?1) ORDER BY reference, at, id");
  if (!all) return fail(std::move(all.error()));
  all->bind(1, seconds_of(now) - length);
  std::vector<waiting_tag> tags;
  for (;;) {
    const auto row = all->step();
    if (!row) return fail(row.error());
    if (!*row) break;
    const auto reference = all->text(0);
    const auto after = all->text(2);
    const auto at = moment_of(all->number(3));
    if (tags.empty() || tags.back().reference != reference)
      tags.push_back({reference, all->text(1), all->text(1), at, {}});
    auto& tag = tags.back();
    take_end(tag, at, std::chrono::seconds(length));
    if (const auto change = all->text(4); weight_of(change) > weight_of(tag.change)) tag.change = change;
    tag.now = after;
    tag.since = at;
  }
  std::erase_if(tags, [&](const waiting_tag& tag) {
    const bool is_back = tag.now == tag.before && tag.between.empty();
    return is_back || now - tag.since >= std::chrono::seconds(length);
  });
  return tags;
}

}  // namespace pinhook::store
