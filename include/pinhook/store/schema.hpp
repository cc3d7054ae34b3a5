// The tables of a store, as the scripts that bring a file from one version to the next. A script that has been released
// is never changed: a change of the tables is a new script.
//
// Constants; any thread.
#pragma once

#include <array>
#include <cstdint>

namespace pinhook::store {

/// In the header of the file, so that other SQLite files are not mistaken for a store: "pinh".
inline constexpr std::int64_t application_id = 0x70696e68;

/// scripts[n] makes version n + 1 of version n; version 0 is an empty file. Times are seconds since 1970. An index with
/// a condition holds what is there now, so that one use or finding is there once and may have ended often.
inline constexpr std::array<const char*, 1> scripts{{R"(
CREATE TABLE cluster(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE image_use(
  id INTEGER PRIMARY KEY,
  cluster INTEGER NOT NULL REFERENCES cluster,
  namespace TEXT NOT NULL, owner TEXT NOT NULL, container TEXT NOT NULL, image TEXT NOT NULL,
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, ended INTEGER) STRICT;
CREATE UNIQUE INDEX use_now ON image_use(cluster, namespace, owner, container, image) WHERE ended IS NULL;
CREATE INDEX use_ended ON image_use(ended) WHERE ended IS NOT NULL;

CREATE TABLE finding(
  id INTEGER PRIMARY KEY,
  image_use INTEGER NOT NULL REFERENCES image_use ON DELETE CASCADE,
  kind TEXT NOT NULL, message TEXT NOT NULL,
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, resolved INTEGER) STRICT;
CREATE UNIQUE INDEX finding_now ON finding(image_use, kind) WHERE resolved IS NULL;
CREATE INDEX finding_resolved ON finding(resolved) WHERE resolved IS NOT NULL;
CREATE INDEX finding_of_use ON finding(image_use);

CREATE TABLE tag(
  reference TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE tag_move(
  id INTEGER PRIMARY KEY,
  reference TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, change TEXT NOT NULL,
  at INTEGER NOT NULL) STRICT;
CREATE INDEX move_at ON tag_move(at);
CREATE INDEX move_of_tag ON tag_move(reference, at);
)"}};

}  // namespace pinhook::store
