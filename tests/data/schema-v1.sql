PRAGMA application_id = 1465078612;
PRAGMA user_version = 1;
PRAGMA auto_vacuum = 2;
PRAGMA page_size = 4096;
PRAGMA encoding = 'UTF-8';
PRAGMA journal_mode = 'wal';

-- table blocks
CREATE TABLE blocks (
  cid BLOB NOT NULL PRIMARY KEY REFERENCES bodies (cid),
  class INTEGER NOT NULL,
  size INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- table bodies
CREATE TABLE bodies (
  id INTEGER NOT NULL PRIMARY KEY,
  cid BLOB NOT NULL UNIQUE,
  bytes BLOB NOT NULL
) STRICT;

-- table changes
CREATE TABLE changes (
  key BLOB NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL,
  level INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- table held
CREATE TABLE held (
  node TEXT NOT NULL,
  cid BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (node, cid)
) STRICT, WITHOUT ROWID;

-- table items
CREATE TABLE items (
  key BLOB NOT NULL PRIMARY KEY,
  token_id TEXT NOT NULL,
  state_hash TEXT NOT NULL,
  sealed BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- table meta
CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- table names
CREATE TABLE names (
  slot INTEGER NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  record BLOB NOT NULL,
  merged_root BLOB NOT NULL,
  verified_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  occupied INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- table nodes
CREATE TABLE nodes (
  node TEXT NOT NULL,
  slot INTEGER NOT NULL,
  pinned BLOB NOT NULL,
  verified_sequence INTEGER NOT NULL,
  put_at INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (node, slot)
) STRICT, WITHOUT ROWID;

-- table quarantine
CREATE TABLE quarantine (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  raw BLOB NOT NULL,
  reason TEXT NOT NULL,
  moved_at INTEGER NOT NULL
) STRICT;

-- table rollups
CREATE TABLE rollups (
  minute INTEGER NOT NULL PRIMARY KEY,
  json TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- index sqlite_autoindex_bodies_1

-- table sqlite_sequence
CREATE TABLE sqlite_sequence(name,seq);

-- table written
CREATE TABLE written (
  slot INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  record BLOB NOT NULL,
  root BLOB NOT NULL,
  upto INTEGER NOT NULL,
  signed_at INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (slot, sequence)
) STRICT, WITHOUT ROWID;
