#include <pinhook/store/history.hpp>

#include <pinhook/store/schema.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace pinhook::store {
namespace {

static_assert(history::schema_version == static_cast<std::int64_t>(scripts.size()));

std::int64_t seconds_of(wall_time moment) {
  return std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
}

wall_time moment_of(std::int64_t seconds) { return wall_time(std::chrono::seconds(seconds)); }

// Ids of this observation, in memory: what is not among them has ended.
constexpr const char* empty_lists =
    "CREATE TEMP TABLE IF NOT EXISTS seen_use(id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE IF NOT EXISTS seen_finding(id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE IF NOT EXISTS unjudged(kind TEXT PRIMARY KEY) WITHOUT ROWID;"
    "DELETE FROM seen_use; DELETE FROM seen_finding; DELETE FROM unjudged;";

constexpr std::string_view put_use =
    "INSERT INTO image_use(cluster, namespace, owner, container, image, first_seen, last_seen) "
    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?6) "
    "ON CONFLICT(cluster, namespace, owner, container, image) WHERE ended IS NULL "
    "DO UPDATE SET last_seen = max(last_seen, excluded.last_seen) RETURNING id, first_seen, last_seen";

constexpr std::string_view put_finding =
    "INSERT INTO finding(image_use, kind, message, first_seen, last_seen) VALUES(?1, ?2, ?3, ?4, ?4) "
    "ON CONFLICT(image_use, kind) WHERE resolved IS NULL "
    "DO UPDATE SET last_seen = max(last_seen, excluded.last_seen), message = excluded.message RETURNING id";

// Runs a statement that gives one row.
result<std::int64_t> id_of(statement& one) {
  const auto row = one.step();
  if (!row) return fail(row.error());
  const auto id = one.number(0);
  if (auto ok = one.run(); !ok) return fail(std::move(ok.error()));
  return id;
}

// The content as SQLite checks it, and the end of the file, which SQLite fills up with zeros when a part of the last
// page is missing. A log beside the file may hold that page.
result<void> check_file(database& db) {
  auto check = db.prepare("PRAGMA quick_check(1)");
  if (!check) return fail(std::move(check.error()));
  const auto row = check->step();
  if (!row) return fail(row.error());
  if (const auto answer = check->text(0); answer != "ok") return fail(db.damaged(answer));
  if (auto ok = check->run(); !ok) return ok;
  const auto page = db.number_of("PRAGMA page_size");
  if (!page) return fail(page.error());
  std::error_code no_size;
  std::error_code no_log;
  const auto size = std::filesystem::file_size(db.path(), no_size);
  const auto log = std::filesystem::file_size(db.path() + "-wal", no_log);
  const bool has_log = !no_log && log != 0;
  if (!no_size && !has_log && size % static_cast<std::uintmax_t>(*page) != 0)
    return fail(db.damaged("its last page is not whole"));
  return {};
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

result<void> resolve_unseen(database& db, std::int64_t now) {
  // Of uses that were seen, what was looked for and not found; of uses that ended, everything.
  for (const std::string_view text :
       {"UPDATE finding SET resolved = max(?1, last_seen) WHERE resolved IS NULL "
        "AND image_use IN (SELECT id FROM seen_use) AND id NOT IN (SELECT id FROM seen_finding) "
        "AND kind NOT IN (SELECT kind FROM unjudged)",
        "UPDATE finding SET resolved = max(?1, last_seen) WHERE resolved IS NULL "
        "AND image_use IN (SELECT id FROM image_use WHERE ended IS NOT NULL)"}) {
    auto one = db.prepare(text);
    if (!one) return fail(std::move(one.error()));
    if (auto ok = one->bind(1, now).run(); !ok) return ok;
  }
  return {};
}

result<std::vector<record>> records_of(database& db, const std::vector<std::pair<std::int64_t, record>>& uses) {
  auto open = db.prepare(
      "SELECT kind, message, first_seen, last_seen FROM finding WHERE image_use = ?1 AND resolved IS NULL "
      "ORDER BY kind");
  if (!open) return fail(std::move(open.error()));
  std::vector<record> out;
  out.reserve(uses.size());
  for (const auto& [id, times] : uses) {
    out.push_back(times);
    open->bind(1, id);
    for (;;) {
      const auto row = open->step();
      if (!row) return fail(row.error());
      if (!*row) break;
      out.back().findings.push_back(
          {open->text(0), open->text(1), moment_of(open->number(2)), moment_of(open->number(3))});
    }
  }
  return out;
}

}  // namespace

result<std::unique_ptr<history>> history::open(const std::string& path, const history_options& options) {
  auto opened = database::open(path, options.busy_timeout);
  if (!opened) return fail(std::move(opened.error()));
  auto out = std::unique_ptr<history>(new history(std::move(*opened), options));
  if (auto ok = out->prepare_file(); !ok) return fail(std::move(ok.error()));
  return out;
}

// Nothing is written before the file is known to be a store, or empty.
result<void> history::prepare_file() {
  auto& db = *database_;
  const auto tables = db.number_of("SELECT count(*) FROM sqlite_schema");
  if (!tables) return fail(tables.error());
  const auto program = db.number_of("PRAGMA application_id");
  if (!program) return fail(program.error());
  if (*tables != 0 && *program != application_id)
    return fail(
        error_code::invalid_input,
        fmt::format("{}: this is the database of another program; it is left as it is: name another file", db.path()));
  const auto version = db.number_of("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version > schema_version)
    return fail(
        error_code::unsupported,
        fmt::format("{}: a later pinhook wrote this store (version {}; this one knows {}); it is left as it is: "
                    "use that pinhook, or name another file",
                    db.path(), *version, schema_version));
  if (auto ok = check_file(db); !ok) return ok;
  // FULL: what is committed outlives a power cut, too.
  if (auto ok = db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
                           "PRAGMA temp_store = MEMORY");
      !ok)
    return ok;
  return *version == schema_version ? result<void>() : migrate();
}

result<void> history::migrate() {
  auto& db = *database_;
  auto change = transaction::begin(db);
  if (!change) return fail(std::move(change.error()));
  // Another process may have done it while this one waited.
  const auto version = db.number_of("PRAGMA user_version");
  if (!version) return fail(version.error());
  for (auto next = static_cast<std::size_t>(*version); next < scripts.size(); ++next)
    if (auto ok = db.execute(scripts.at(next)); !ok) return ok;
  const auto marks =
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, schema_version);
  if (auto ok = db.execute(marks.c_str()); !ok) return ok;
  return change->commit();
}

result<std::int64_t> history::cluster_id(const std::string& name) {
  auto put = database_->prepare(
      "INSERT INTO cluster(name) VALUES(?1) ON CONFLICT(name) DO UPDATE SET name = excluded.name RETURNING id");
  if (!put) return fail(std::move(put.error()));
  return id_of(put->bind(1, name));
}

result<std::vector<record>> history::add(const observation& seen) {
  auto& db = *database_;
  auto change = transaction::begin(db);
  if (!change) return fail(std::move(change.error()));
  if (auto ok = db.execute(empty_lists); !ok) return fail(std::move(ok.error()));
  const auto cluster = cluster_id(seen.cluster);
  if (!cluster) return fail(cluster.error());
  auto out = add_uses(seen, *cluster);
  if (!out) return out;
  if (auto ok = add_tags(seen); !ok) return fail(std::move(ok.error()));
  if (auto ok = forget(seen.at); !ok) return fail(std::move(ok.error()));
  if (auto ok = change->commit(); !ok) return fail(std::move(ok.error()));
  return out;
}

result<std::vector<record>> history::add_uses(const observation& seen, std::int64_t cluster) {
  auto& db = *database_;
  auto use = db.prepare(put_use);
  auto finding = db.prepare(put_finding);
  auto list_use = db.prepare("INSERT OR IGNORE INTO seen_use(id) VALUES(?1)");
  auto list_finding = db.prepare("INSERT OR IGNORE INTO seen_finding(id) VALUES(?1)");
  for (auto* one : {&use, &finding, &list_use, &list_finding})
    if (!*one) return fail(std::move(one->error()));
  const auto now = seconds_of(seen.at);
  std::vector<std::pair<std::int64_t, record>> ids;
  for (const auto& one : seen.uses) {
    use->bind(1, cluster).bind(2, one.use.ns).bind(3, one.use.owner).bind(4, one.use.container);
    use->bind(5, one.use.image).bind(6, now);
    const auto row = use->step();
    if (!row) return fail(row.error());
    ids.emplace_back(use->number(0), record{moment_of(use->number(1)), moment_of(use->number(2)), {}});
    if (auto ok = use->run(); !ok) return fail(std::move(ok.error()));
    const auto id = ids.back().first;
    if (auto ok = list_use->bind(1, id).run(); !ok) return fail(std::move(ok.error()));
    if (db.changed_rows() == 0) continue;
    for (const auto& f : one.findings) {
      const auto put = id_of(finding->bind(1, id).bind(2, f.kind).bind(3, f.message).bind(4, now));
      if (!put) return fail(put.error());
      if (auto ok = list_finding->bind(1, *put).run(); !ok) return fail(std::move(ok.error()));
    }
  }
  if (auto ok = end_unseen(seen, cluster); !ok) return fail(std::move(ok.error()));
  return records_of(db, ids);
}

result<void> history::end_unseen(const observation& seen, std::int64_t cluster) {
  auto& db = *database_;
  const auto now = seconds_of(seen.at);
  std::string text =
      "UPDATE image_use SET ended = max(?1, last_seen) WHERE cluster = ?2 AND ended IS NULL "
      "AND id NOT IN (SELECT id FROM seen_use)";
  if (seen.whole) text += " AND namespace = ?3";
  auto end = db.prepare(text);
  if (!end) return fail(std::move(end.error()));
  end->bind(1, now).bind(2, cluster);
  if (!seen.whole) {
    if (auto ok = end->run(); !ok) return ok;
  } else {
    for (const auto& ns : *seen.whole)
      if (auto ok = end->bind(3, ns).run(); !ok) return ok;
  }
  auto unjudged = db.prepare("INSERT OR IGNORE INTO unjudged(kind) VALUES(?1)");
  if (!unjudged) return fail(std::move(unjudged.error()));
  for (const auto& kind : seen.unjudged)
    if (auto ok = unjudged->bind(1, kind).run(); !ok) return ok;
  return resolve_unseen(db, now);
}

result<void> history::add_tags(const observation& seen) {
  auto& db = *database_;
  auto held = db.prepare("SELECT digest FROM tag WHERE reference = ?1");
  auto keep = db.prepare("UPDATE tag SET last_seen = max(last_seen, ?2) WHERE reference = ?1");
  auto put = db.prepare("INSERT OR REPLACE INTO tag(reference, digest, first_seen, last_seen) VALUES(?1, ?2, ?3, ?3)");
  auto move = db.prepare("INSERT INTO tag_move(reference, before, after, change, at) VALUES(?1, ?2, ?3, ?4, ?5)");
  for (auto* one : {&held, &keep, &put, &move})
    if (!*one) return fail(std::move(one->error()));
  const auto now = seconds_of(seen.at);
  for (const auto& tag : seen.tags) {
    const auto row = held->bind(1, tag.reference).step();
    if (!row) return fail(row.error());
    const std::string before = *row ? held->text(0) : "";
    if (*row)
      if (auto ok = held->run(); !ok) return ok;
    if (before == tag.digest) {
      if (auto ok = keep->bind(1, tag.reference).bind(2, now).run(); !ok) return ok;
      continue;
    }
    if (auto ok = put->bind(1, tag.reference).bind(2, tag.digest).bind(3, now).run(); !ok) return ok;
    if (before.empty()) continue;
    move->bind(1, tag.reference).bind(2, before).bind(3, tag.digest).bind(4, tag.change).bind(5, now);
    if (auto ok = move->run(); !ok) return ok;
  }
  return {};
}

// What ended before the retention, and the oldest beyond the cap.
result<void> history::forget(wall_time now) {
  const auto limit = seconds_of(now) - std::chrono::seconds(options_.retention).count();
  struct row {
    std::string_view text;
    std::int64_t number;
  };
  const row rows[] = {
      {"DELETE FROM finding WHERE resolved < ?1", limit},
      {"DELETE FROM image_use WHERE ended < ?1", limit},
      {"DELETE FROM tag_move WHERE at < ?1", limit},
      {"DELETE FROM tag WHERE last_seen < ?1", limit},
      {"DELETE FROM finding WHERE id IN (SELECT id FROM finding WHERE resolved IS NOT NULL "
       "ORDER BY resolved DESC, id DESC LIMIT -1 OFFSET ?1)",
       options_.most_ended},
      {"DELETE FROM image_use WHERE id IN (SELECT id FROM image_use WHERE ended IS NOT NULL "
       "ORDER BY ended DESC, id DESC LIMIT -1 OFFSET ?1)",
       options_.most_ended},
      {"DELETE FROM tag_move WHERE id IN (SELECT id FROM tag_move ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?1)",
       options_.most_ended},
  };
  for (const row& one : rows) {
    auto drop = database_->prepare(one.text);
    if (!drop) return fail(std::move(drop.error()));
    if (auto ok = drop->bind(1, one.number).run(); !ok) return ok;
  }
  return {};
}

result<std::vector<past_finding>> history::findings(const std::string& cluster, wall_time since) {
  auto all = database_->prepare(
      "SELECT u.namespace, u.owner, u.container, u.image, f.kind, f.message, f.first_seen, f.last_seen, f.resolved "
      "FROM finding f JOIN image_use u ON u.id = f.image_use JOIN cluster c ON c.id = u.cluster "
      "WHERE c.name = ?1 AND (f.resolved IS NULL OR f.resolved >= ?2) ORDER BY f.last_seen DESC, f.id DESC");
  if (!all) return fail(std::move(all.error()));
  all->bind(1, cluster).bind(2, seconds_of(since));
  std::vector<past_finding> out;
  for (;;) {
    const auto row = all->step();
    if (!row) return fail(row.error());
    if (!*row) return out;
    past_finding one{{all->text(0), all->text(1), all->text(2), all->text(3)},
                     {all->text(4), all->text(5), moment_of(all->number(6)), moment_of(all->number(7))}};
    if (!all->is_null(8)) one.resolved = moment_of(all->number(8));
    out.push_back(std::move(one));
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
