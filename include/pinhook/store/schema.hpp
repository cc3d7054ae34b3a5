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
inline constexpr std::array<const char*, 2> scripts{{R"(
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
)",
                                                     // Texts that many rows have stand once: the place of an image, the
                                                     // kind of a finding, and its message, with \x1a for the image
                                                     // (stored_text.hpp). No index by the time of an end.
                                                     R"(
CREATE TABLE text(
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE place(
  id INTEGER PRIMARY KEY,
  cluster INTEGER NOT NULL REFERENCES cluster,
  namespace TEXT NOT NULL, owner TEXT NOT NULL, container TEXT NOT NULL,
  UNIQUE(cluster, namespace, owner, container)) STRICT;

CREATE TABLE new_use(
  id INTEGER PRIMARY KEY,
  place INTEGER NOT NULL,
  image TEXT NOT NULL,
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, ended INTEGER) STRICT;

CREATE TABLE new_finding(
  image_use INTEGER NOT NULL REFERENCES new_use ON DELETE CASCADE,
  kind INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  message INTEGER NOT NULL,
  last_seen INTEGER NOT NULL, resolved INTEGER,
  PRIMARY KEY(image_use, kind, first_seen)) STRICT, WITHOUT ROWID;

INSERT INTO place(cluster, namespace, owner, container)
  SELECT DISTINCT cluster, namespace, owner, container FROM image_use;
INSERT INTO new_use(id, place, image, first_seen, last_seen, ended)
  SELECT u.id, p.id, u.image, u.first_seen, u.last_seen, u.ended FROM image_use u JOIN place p
  ON p.cluster = u.cluster AND p.namespace = u.namespace AND p.owner = u.owner AND p.container = u.container;
CREATE TEMP TABLE message(finding INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO message(finding, text)
  SELECT f.id, CASE WHEN u.image = '' OR instr(f.message, char(26)) THEN '=' || f.message
  ELSE '~' || replace(f.message, u.image, char(26)) END FROM finding f JOIN image_use u ON u.id = f.image_use;
INSERT INTO text(text) SELECT kind FROM finding UNION SELECT text FROM message;
INSERT OR REPLACE INTO new_finding(image_use, kind, first_seen, message, last_seen, resolved)
  SELECT f.image_use, k.id, f.first_seen, t.id, f.last_seen, f.resolved FROM finding f
  JOIN message m ON m.finding = f.id JOIN text k ON k.text = f.kind JOIN text t ON t.text = m.text
  ORDER BY f.resolved IS NULL, f.id;
DROP TABLE message;
DROP TABLE finding;
DROP TABLE image_use;
ALTER TABLE new_use RENAME TO image_use;
ALTER TABLE new_finding RENAME TO finding;
CREATE UNIQUE INDEX use_now ON image_use(place, image) WHERE ended IS NULL;
)"}};

}  // namespace pinhook::store
