import { ask, optional, unlessAborted } from './arguments.js'
import { commands, type TokenChanges, type TokenPage, type TokenRef, type TokenRow } from './bindings.js'
import { badRequest } from './error.js'
import { isSpendable, rowsOf, withChanges, withPage, type Rows } from './list.js'

/** Which tokens to read, page after page. */
export interface TokenPagesQuery {
  /** Read states that are proven spent too. Default: no. */
  all?: boolean
  /** Read only states that may be offered for spending. Default: no. */
  spendable?: boolean
  /** Rows per page, 1–1000. Default 1000. */
  pageSize?: number
  /** Ends the reading with `aborted`. */
  signal?: AbortSignal
}

/** Which tokens to read, over several pages. */
export interface AllTokensQuery extends TokenPagesQuery {
  /** Pages at most. Default: every one. */
  pages?: number
}

/** The token list of one revision. */
export interface TokenList {
  /** Number of the account's opening: revisions of another one count anew. */
  opening: number
  /** Of the list as a whole; a later change causes an event with a higher revision. */
  revision: number
  /** Number of live states in the wallet. */
  total: number
  /** In key order. */
  tokens: TokenRow[]
  /** Pass as `after` for the next page; `null` if there is none. */
  next: TokenRef | null
  /** Whether the rows are those of this revision. `false` when more changed meanwhile than could be followed: read again. */
  isWhole: boolean
}

/** A page among others. */
export interface TokenListPage extends TokenPage {
  /** Whether it is of the same revision as the pages before: else a row may be missing among them, or be there twice. */
  sameRevision: boolean
}

const ATTEMPTS = 3
/** How long to read without letting the window draw, ms: half a frame at 60 Hz. */
const WITHOUT_FRAME = 8
/** How long to wait for a frame, ms: a window may count as visible although it is not drawn. */
const NO_FRAME = 50
/** Rows of a page, where the caller does not say. */
export const PAGE = 1000

/** What of a list is meant. */
export interface Which {
  all: boolean
  spendable: boolean
}

/** One page. */
export async function readPage(
  account: string,
  { all, spendable }: Which,
  after: TokenRef | null,
  limit: number,
): Promise<TokenPage> {
  const page = { after, limit, all, spendable }
  return ask({ account, page }, () => commands.listTokens(account, page))
}

/** What changed since. */
export async function readChanges(account: string, { opening, revision }: Rows, all: boolean): Promise<TokenChanges> {
  const since = { opening, revision, all }
  return ask({ account, since }, () => commands.tokenChanges(account, since))
}

/** Which changed rows belong to a list. */
export const belongs = (which: Which): ((row: TokenRow) => boolean) => (which.spendable ? isSpendable : () => true)

/**
 * Reads the token list, page after page, and at the end what changed meanwhile, so that all rows are of one revision. Where that is
 * not known it is read from the start again, at most three times; `isWhole` says whether it came out. The window can draw between
 * pages; web views do not while one answer follows the other.
 */
export async function allTokens(account: string, query?: AllTokensQuery): Promise<TokenList> {
  const { pages = Infinity, signal, all = false, spendable = false, pageSize = PAGE } = optional('query', query)
  if (typeof pages !== 'number' || !(pages >= 1)) throw badRequest('query.pages', 'not a number from 1')
  const which = { all, spendable }
  for (let attempt = 1; ; attempt += 1) {
    const pause = drawing()
    const first = await unlessAborted(signal, () => readPage(account, which, null, pageSize))
    let rows = rowsOf(first)
    let last = first
    for (let count = 1; count < pages && rows.next !== null; count += 1) {
      await pause()
      const { next } = rows
      last = await unlessAborted(signal, () => readPage(account, which, next, pageSize))
      rows = withPage(rows, last)
    }
    const isSame = last.revision === first.revision && last.opening === first.opening
    const whole = isSame ? rows : withChanges(rows, await readChanges(account, rows, all), belongs(which))
    if (whole !== null || attempt === ATTEMPTS) return listOf(whole ?? rows, whole !== null)
  }
}

const listOf = ({ opening, revision, total, tokens, next }: Rows, isWhole: boolean): TokenList => ({
  opening,
  revision,
  total,
  tokens,
  next,
  isWhole,
})

/** Reads the token list page by page, as far as the loop goes: `for await (const { tokens } of tokenPages('main')) …`. */
export async function* tokenPages(account: string, query?: TokenPagesQuery): AsyncGenerator<TokenListPage, void, void> {
  const { signal, all = false, spendable = false, pageSize = PAGE } = optional('query', query)
  const pause = drawing()
  let first: TokenPage | null = null
  let after: TokenRef | null = null
  do {
    const from: TokenRef | null = after
    const page: TokenPage = await unlessAborted(signal, () => readPage(account, { all, spendable }, from, pageSize))
    first ??= page
    yield { ...page, sameRevision: page.revision === first.revision && page.opening === first.opening }
    after = page.next
    if (after !== null) await pause()
  } while (after !== null)
}

/** Lets the window draw once this took long. */
function drawing(): () => Promise<void> {
  let drawnAt = performance.now()
  return async () => {
    if (performance.now() - drawnAt <= WITHOUT_FRAME) return
    await drawn()
    drawnAt = performance.now()
  }
}

/** Resolves at the next frame, or at once if the window is not visible. */
function drawn(): Promise<void> {
  if (typeof document === 'undefined' || document.visibilityState !== 'visible') return Promise.resolve()
  return new Promise((resolve) => {
    const late = setTimeout(resolve, NO_FRAME)
    requestAnimationFrame(() => {
      clearTimeout(late)
      resolve()
    })
  })
}
