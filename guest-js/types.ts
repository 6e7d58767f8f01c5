import type { AuditProgress, BackupProgress, Level, Progress, ProofRow, TokenRef } from './bindings.js'
import type { ByteSource } from './bytes.js'

/** Which tokens to list. */
export interface TokenQuery {
  /** Rows after this one; a page's `next`. Default: from the start. */
  after?: TokenRef | null
  /** Rows at most, 1–1000. Default 100. */
  limit?: number
  /** Show states that are proven spent too. Default: no. */
  all?: boolean
  /**
   * Show only states that may be offered for spending: no spend is known, no other state of the token lives, the payload is here.
   * Default: no. A page may have fewer rows than asked for and still be followed by another one.
   */
  spendable?: boolean
}

/** Which entries to list. */
export interface EntryQuery {
  /** Only keys that start with this. */
  prefix?: string
  /** Keys after this one; a page's `next`. */
  after?: string | null
  /** Entries at most, 1–1000; a page ends earlier when its values exceed 1 MiB. Default 100. */
  limit?: number
}

/** A synced entry. */
export interface Entry {
  /** 1–128 characters. */
  key: string
  /** When it was set, by the clock of the device that set it; ms since the Unix epoch. */
  at: number
  /** Bytes of the value. */
  size: number
  /** The value; `null` while its bytes are not on this device yet. */
  value: Uint8Array | null
  /** The value as text; `null` when it is missing or not UTF-8. */
  text: string | null
}

/** A page of entries. */
export interface EntryPage {
  /** Revision of the account when this was read. */
  revision: number
  /** Rows in key order. */
  entries: Entry[]
  /** What to pass as `after` for the next page; `null` at the end. */
  next: string | null
}

/** A version of an entry. */
export interface EntryVersion extends Omit<Entry, 'key'> {
  /** Whether this version says that the entry was deleted. */
  deleted: boolean
}

/** The versions of an entry. */
export interface EntryVersions {
  /** Revision of the account when this was read. */
  revision: number
  /** The shown one first. */
  versions: EntryVersion[]
  /** Whether there are more; their values exceed 1 MiB. */
  isMore: boolean
}

/** A proof that a state was spent, as it was recorded. */
export interface Proof extends Omit<ProofRow, 'evidence'> {
  /** What was given as proof; `null` while its bytes are not on this device yet. */
  evidence: Uint8Array | null
}

/** Options of a sync. */
export interface SyncQuery {
  /** Ask the nodes even when the cache is fresh. Default: no. */
  fresh?: boolean
  /** End of the whole call, 100–600000 ms. Default: 1.8 s for reading; publishing goes on while it progresses. */
  deadlineMs?: number
  /** Resolve when every change of this device has this level. Default: `published` when something is pending. */
  wait?: Level
  /** Hears of each step. A step may arrive after the promise is settled; `finished` is the last one. */
  onProgress?: (progress: Progress) => void
  /** Ends the wait with `aborted`; what is under way goes on. */
  signal?: AbortSignal
}

/** Which span of the metrics' history to show. */
export interface HistoryQuery {
  /** Start, ms since the Unix epoch. Default: an hour before `to`. */
  from?: number
  /** End (exclusive), ms since the Unix epoch. Default: now. */
  to?: number
  /** Minutes per point; widened until there are at most 2,880 points. Default 1. */
  stepMinutes?: number
}

/** What an audit looks at, and whether it mends. */
export interface AuditQuery extends RehearsalQuery {
  /** Read and hash every block, not a sample. */
  all?: boolean
  /** Put back what is missing or damaged, and look once more. */
  repair?: boolean
}

/** How a rehearsal is followed. */
export interface RehearsalQuery {
  /** Hears how far it has come. */
  onProgress?: (progress: AuditProgress) => void
  /** Ends the wait with `aborted`; what is under way goes on. */
  signal?: AbortSignal
}

/** How the writing of a backup file is followed. */
export interface BackupQuery {
  /** Hears how far it has come. */
  onProgress?: (progress: BackupProgress) => void
  /** Ends the wait with `aborted`; the file is written all the same. */
  signal?: AbortSignal
}

/** What is removed, and how surely. */
export interface WipeQuery {
  /** Set the folder aside where a change is not verified, instead of refusing. Default: no. */
  force?: boolean
  /** Number of the opening that is meant; see `status`. Default: the one that is open now. */
  opening?: number
}

/** A value that is stored as JSON. */
export interface AsJson {
  /** What JSON holds: no function, no `NaN`, no circle. */
  json: unknown
}

/** What an entry is set to: text, bytes, or a value that is stored as JSON. */
export type EntryValue = ByteSource | AsJson
