import { ask } from './arguments.js'
import { commands, type TokenRef, type TokenRow } from './bindings.js'

/** Which tokens to read, over several pages. */
export interface AllTokensQuery {
  /** Read states that are proven spent too. Default: no. */
  all?: boolean
  /** Rows per page, 1–1000. Default 1000. */
  pageSize?: number
  /** Pages at most. Default: every one. */
  pages?: number
}

/** The token list of one revision. */
export interface TokenList {
  /** Of the first page; a later change causes an event with a higher revision. */
  revision: number
  /** Number of live states in the wallet. */
  total: number
  /** In key order. */
  tokens: TokenRow[]
  /** Pass as `after` for the next page; `null` if there is none. */
  next: TokenRef | null
}

const ATTEMPTS = 3
/** How long to read without letting the window draw, ms: half a frame at 60 Hz. */
const WITHOUT_FRAME = 8
/** How long to wait for a frame, ms: a window may count as visible although it is not drawn. */
const NO_FRAME = 50

/**
 * Reads the token list, page after page. If it changes meanwhile, it is read from the start again, at most three times;
 * after that the pages may be of different revisions, and an event follows. The window can draw between pages; web views
 * do not while one answer follows the other.
 */
export async function allTokens(account: string, query: AllTokensQuery = {}): Promise<TokenList> {
  const { all = false, pageSize: limit = 1000, pages = Infinity } = query
  const read = (after: TokenRef | null) => {
    const page = { after, limit, all }
    return ask({ account, page }, () => commands.listTokens(account, page))
  }
  for (let attempt = 1; ; attempt += 1) {
    let drawnAt = performance.now()
    const { revision, total, ...first } = await read(null)
    const list: TokenList = { revision, total, tokens: first.tokens, next: first.next }
    let isWhole = true
    for (let count = 1; count < pages && list.next !== null; count += 1) {
      if (performance.now() - drawnAt > WITHOUT_FRAME) {
        await drawn()
        drawnAt = performance.now()
      }
      const more = await read(list.next)
      list.tokens.push(...more.tokens)
      list.next = more.next
      isWhole &&= more.revision === revision
    }
    if (isWhole || attempt === ATTEMPTS) return list
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
