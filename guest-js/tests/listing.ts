import type { TokenRow } from '../bindings.js'
import { Plugin } from './plugin.js'

/** A row to alter. */
export const row = (n: number, change: Partial<TokenRow> = {}): TokenRow => ({
  tokenId: `t${String(n).padStart(6, '0')}`,
  stateHash: 's',
  previous: null,
  summary: null,
  size: 1,
  spend: 'none',
  forked: false,
  ack: 'local',
  hasPayload: true,
  own: true,
  ...change,
})

type Page = { after: { tokenId: string } | null; limit: number | null; spendable?: boolean }

/** The plugin's side of a token list: pages, and what changed since a revision. */
export class Listing {
  readonly plugin: Plugin
  readonly rows = new Map<string, TokenRow>()
  opening = 1
  revision = 0
  others: 'published' | 'verified' = 'verified'
  /** Whether what changed is known. */
  remembers = true
  /** Does something after each page: a list that changes while it is read. */
  afterPage: () => void = () => undefined
  private readonly changes: [number, string][] = []

  constructor(count = 0) {
    this.plugin = new Plugin({
      list_tokens: ({ page }) => this.page(page as Page),
      token_changes: ({ since }) => this.since(since as { opening: number; revision: number }),
    })
    for (let n = 0; n < count; n += 1) this.rows.set(row(n).tokenId, row(n))
  }

  put(changed: TokenRow): void {
    this.rows.set(changed.tokenId, changed)
    this.note(changed.tokenId)
  }

  remove(n: number): void {
    this.rows.delete(row(n).tokenId)
    this.note(row(n).tokenId)
  }

  get sorted(): TokenRow[] {
    const level = (one: TokenRow): TokenRow => (one.own ? one : { ...one, ack: this.others })
    return [...this.rows.values()].sort((a, b) => (a.tokenId < b.tokenId ? -1 : 1)).map(level)
  }

  private note(tokenId: string): void {
    this.revision += 1
    this.changes.push([this.revision, tokenId])
  }

  private page({ after, limit, spendable }: Page) {
    const { opening, revision, others } = this
    const rows = this.sorted.filter(({ tokenId, spend }) => (after === null || tokenId > after.tokenId) && (!spendable || spend === 'none'))
    const tokens = rows.slice(0, limit ?? 100)
    const last = tokens.at(-1)
    const next = rows.length > (limit ?? 100) && last ? { tokenId: last.tokenId, stateHash: 's' } : null
    const page = { opening, revision, total: this.rows.size, others, tokens, next }
    this.afterPage()
    return page
  }

  private since({ opening, revision }: { opening: number; revision: number }) {
    const { others, rows } = this
    const now = { opening: this.opening, revision: this.revision, total: rows.size, others }
    if (!this.remembers || opening !== this.opening) return { ...now, changed: null, tokens: [] }
    const changed = [...new Set(this.changes.filter(([at]) => at > revision).map(([, id]) => id))]
    return { ...now, changed, tokens: this.sorted.filter(({ tokenId }) => changed.includes(tokenId)) }
  }
}
