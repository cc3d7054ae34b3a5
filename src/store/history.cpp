#include <pinhook/store/history.hpp>

#include <pinhook/store/schema.hpp>
#include <pinhook/store/stored_text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace pinhook::store {
namespace {

static_assert(history::schema_version == static_cast<std::int64_t>(scripts.size()));

constexpr std::string_view put_use =
    "INSERT INTO image_use(place, image, first_seen, last_seen) VALUES(?1, ?2, ?3, ?3) "
    "ON CONFLICT(place, image) WHERE ended IS NULL "
    "DO UPDATE SET last_seen = max(last_seen, excluded.last_seen) RETURNING id, first_seen, last_seen";

// One that comes back within the second in which it came and ended has not ended.
constexpr std::string_view put_finding =
    "INSERT INTO finding(image_use, kind, first_seen, message, last_seen) VALUES(?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT(image_use, kind, first_seen) "
    "DO UPDATE SET last_seen = max(last_seen, excluded.last_seen), message = excluded.message, resolved = NULL";

constexpr std::string_view open_findings =
    "SELECT k.text, m.text, f.first_seen, f.last_seen, f.kind FROM finding f JOIN text k ON k.id = f.kind "
    "JOIN text m ON m.id = f.message WHERE f.image_use = ?1 AND f.resolved IS NULL ORDER BY k.text";

constexpr std::string_view end_finding =
    "UPDATE finding SET resolved = max(?4, last_seen) WHERE image_use = ?1 AND kind = ?2 AND first_seen = ?3";

// Between two times at which what is too old is dropped.
constexpr std::chrono::hours forget_interval{1};

struct forgetting {
  /// What is older than ?1; how many ended rows there are; the oldest ?1 of them.
  std::string_view drop, count = {}, drop_oldest = {};
};

constexpr std::array<forgetting, 4> forgettings{{
    {"DELETE FROM finding WHERE resolved < ?1", "SELECT count(*) FROM finding WHERE resolved IS NOT NULL",
     "DELETE FROM finding WHERE (image_use, kind, first_seen) IN (SELECT image_use, kind, first_seen FROM finding "
     "WHERE resolved IS NOT NULL ORDER BY resolved, image_use, first_seen LIMIT ?1)"},
    {"DELETE FROM image_use WHERE ended < ?1", "SELECT count(*) FROM image_use WHERE ended IS NOT NULL",
     "DELETE FROM image_use WHERE id IN (SELECT id FROM image_use WHERE ended IS NOT NULL ORDER BY ended, id "
     "LIMIT ?1)"},
    {"DELETE FROM tag_move WHERE at < ?1", "SELECT count(*) FROM tag_move",
     "DELETE FROM tag_move WHERE id IN (SELECT id FROM tag_move ORDER BY at, id LIMIT ?1)"},
    {"DELETE FROM tag WHERE last_seen < ?1"},
}};

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

// Adds the uses of one observation with their findings, and ends what was not seen.
class history::adding {
 public:
  static result<adding> open(database& db, const observation& seen, std::int64_t cluster,
                             std::vector<past_finding>* resolved) {
    auto names = stored_names::open(db);
    if (!names) return fail(std::move(names.error()));
    auto use = db.prepare(put_use);
    auto finding = db.prepare(put_finding);
    auto open = db.prepare(open_findings);
    auto end = db.prepare(end_finding);
    for (auto* one : {&use, &finding, &open, &end})
      if (!*one) return fail(std::move(one->error()));
    return adding(db, seen, cluster, resolved,
                  {std::move(*names), std::move(*use), std::move(*finding), std::move(*open), std::move(*end)});
  }

  result<std::vector<record>> run() {
    std::vector<record> out;
    out.reserve(seen_.uses.size());
    for (const auto& one : seen_.uses) {
      auto made = add_use(one);
      if (!made) return fail(std::move(made.error()));
      out.push_back(std::move(*made));
    }
    if (auto ok = end_unseen(); !ok) return fail(std::move(ok.error()));
    return out;
  }

 private:
  struct statements {
    stored_names names;
    statement use, finding, open, end;
  };
  struct open_finding {
    finding_times times;
    std::int64_t kind = 0;
  };

  adding(database& db, const observation& seen, std::int64_t cluster, std::vector<past_finding>* resolved,
         statements all)
      : db_(db),
        seen_(seen),
        cluster_(cluster),
        now_(seconds_of(seen.at)),
        resolved_(resolved),
        statements_(std::move(all)) {}

  result<record> add_use(const seen_use& one) {
    const auto place = statements_.names.place(cluster_, one.use);
    if (!place) return fail(place.error());
    statement& put = statements_.use;
    const auto row = put.bind(1, *place).bind(2, one.use.image).bind(3, now_).step();
    if (!row) return fail(row.error());
    const std::int64_t id = put.number(0);
    record out{moment_of(put.number(1)), moment_of(put.number(2)), {}};
    if (auto ok = put.run(); !ok) return fail(std::move(ok.error()));
    auto before = open_of(id, one.use.image);
    if (!before) return fail(std::move(before.error()));
    // Most images have no finding, and had none.
    if (ids_.insert(id).second && !(one.findings.empty() && before->empty())) {
      for (const auto& f : one.findings)
        if (auto ok = add_finding(id, one.use.image, f, *before); !ok) return fail(std::move(ok.error()));
      for (const auto& f : *before)
        if (!seen_.unjudged.contains(f.times.kind) &&
            std::ranges::find(one.findings, f.times.kind, &seen_finding::kind) == one.findings.end())
          if (auto ok = end(id, one.use, f); !ok) return fail(std::move(ok.error()));
      before = open_of(id, one.use.image);
      if (!before) return fail(std::move(before.error()));
    }
    for (auto& f : *before) out.findings.push_back(std::move(f.times));
    return out;
  }

  result<std::vector<open_finding>> open_of(std::int64_t use, const std::string& image) {
    std::vector<open_finding> out;
    statement& all = statements_.open;
    all.bind(1, use);
    for (;;) {
      const auto row = all.step();
      if (!row) return fail(row.error());
      if (!*row) return out;
      out.push_back({{all.text(0), message_of(all.text(1), image), moment_of(all.number(2)), moment_of(all.number(3))},
                     all.number(4)});
    }
  }

  result<void> add_finding(std::int64_t use, const std::string& image, const seen_finding& one,
                           const std::vector<open_finding>& before) {
    const auto kind = statements_.names.text(one.kind);
    if (!kind) return fail(kind.error());
    const auto message = statements_.names.text(stored_message(one.message, image));
    if (!message) return fail(message.error());
    const auto found = std::ranges::find(before, *kind, &open_finding::kind);
    const std::int64_t first = found == before.end() ? now_ : seconds_of(found->times.first_seen);
    statement& put = statements_.finding;
    return put.bind(1, use).bind(2, *kind).bind(3, first).bind(4, *message).bind(5, now_).run();
  }

  result<void> end(std::int64_t use, const image_use& of, const open_finding& one) {
    const std::int64_t first = seconds_of(one.times.first_seen);
    if (auto ok = statements_.end.bind(1, use).bind(2, one.kind).bind(3, first).bind(4, now_).run(); !ok) return ok;
    if (resolved_ != nullptr) resolved_->push_back({of, one.times, std::max(moment_of(now_), one.times.last_seen)});
    return {};
  }

  // Uses of what was read whole.
  result<void> end_unseen() {
    std::string text =
        "SELECT u.id FROM place p JOIN image_use u ON u.place = p.id WHERE p.cluster = ?1 AND u.ended IS NULL";
    if (seen_.whole) text += " AND p.namespace = ?2";
    auto all = db_.prepare(text);
    if (!all) return fail(std::move(all.error()));
    std::vector<std::int64_t> gone;
    const auto collect = [&]() -> result<void> {
      for (;;) {
        const auto row = all->step();
        if (!row) return fail(row.error());
        if (!*row) return {};
        if (!ids_.contains(all->number(0))) gone.push_back(all->number(0));
      }
    };
    all->bind(1, cluster_);
    if (!seen_.whole) {
      if (auto ok = collect(); !ok) return ok;
    } else {
      for (const auto& ns : *seen_.whole) {
        all->bind(2, ns);
        if (auto ok = collect(); !ok) return ok;
      }
    }
    return gone.empty() ? result<void>() : end_uses(gone);
  }

  result<void> end_uses(const std::vector<std::int64_t>& gone) {
    auto put = db_.prepare("UPDATE image_use SET ended = max(?2, last_seen) WHERE id = ?1");
    auto find = db_.prepare(
        "SELECT p.namespace, p.owner, p.container, u.image FROM image_use u JOIN place p ON p.id = u.place "
        "WHERE u.id = ?1");
    for (auto* one : {&put, &find})
      if (!*one) return fail(std::move(one->error()));
    for (const std::int64_t id : gone) {
      if (auto ok = put->bind(1, id).bind(2, now_).run(); !ok) return ok;
      const auto row = find->bind(1, id).step();
      if (!row) return fail(row.error());
      const image_use use{find->text(0), find->text(1), find->text(2), find->text(3)};
      if (auto ok = find->run(); !ok) return ok;
      const auto open = open_of(id, use.image);
      if (!open) return fail(open.error());
      for (const auto& one : *open)
        if (auto ok = end(id, use, one); !ok) return ok;
    }
    return {};
  }

  database& db_;
  const observation& seen_;
  const std::int64_t cluster_;
  const std::int64_t now_;
  std::vector<past_finding>* const resolved_;
  statements statements_;
  // Uses that this observation saw.
  std::unordered_set<std::int64_t> ids_;
};

result<std::vector<record>> history::add(const observation& seen, std::vector<past_finding>* resolved) {
  auto& db = *database_;
  auto change = transaction::begin(db);
  if (!change) return fail(std::move(change.error()));
  const auto cluster = cluster_id(seen.cluster);
  if (!cluster) return fail(cluster.error());
  auto steps = adding::open(db, seen, *cluster, resolved);
  if (!steps) return fail(std::move(steps.error()));
  auto out = steps->run();
  if (!out) return out;
  if (auto ok = add_tags(seen); !ok) return fail(std::move(ok.error()));
  if (auto ok = forget(seen.at); !ok) return fail(std::move(ok.error()));
  if (auto ok = change->commit(); !ok) return fail(std::move(ok.error()));
  return out;
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

// What ended before the retention, and the oldest beyond the cap. It has to look at every row, for an index by time
// would take as much room as what it is about; so it is not done with each of many observations.
result<void> history::forget(wall_time now) {
  if (forgotten_ && now >= *forgotten_ && now - *forgotten_ < forget_interval) return {};
  const auto limit = seconds_of(now) - std::chrono::seconds(options_.retention).count();
  for (const auto& [drop, count, drop_oldest] : forgettings) {
    if (auto ok = drop_by(drop, limit); !ok) return ok;
    if (count.empty()) continue;
    const auto left = database_->number_of(count);
    if (!left) return fail(left.error());
    if (*left > options_.most_ended)
      if (auto ok = drop_by(drop_oldest, *left - options_.most_ended); !ok) return ok;
  }
  for (const char* unused : {"DELETE FROM place WHERE id NOT IN (SELECT place FROM image_use)",
                             "DELETE FROM text WHERE id NOT IN (SELECT kind FROM finding) "
                             "AND id NOT IN (SELECT message FROM finding)"})
    if (auto ok = database_->execute(unused); !ok) return ok;
  forgotten_ = now;
  return {};
}

result<void> history::drop_by(std::string_view text, std::int64_t number) {
  auto drop = database_->prepare(text);
  if (!drop) return fail(std::move(drop.error()));
  return drop->bind(1, number).run();
}

}  // namespace pinhook::store
