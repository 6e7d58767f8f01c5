import { commands, type TokenRef, type TokenRow } from './bindings.js'
import { wrap } from './error.js'

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
  /** Of the first page; a change after it makes an event with a higher one. */
  revision: number
  /** Live states in all. */
  total: number
  /** In key order. */
  tokens: TokenRow[]
  /** Where the next page begins; `null` when these are all. */
  next: TokenRef | null
}

const ATTEMPTS = 3
/** Work without a frame in between, ms: half of what a frame has at 60 Hz. */
const WITHOUT_FRAME = 8
/** For a window that is visible to the page but drawn nowhere, ms. */
const NO_FRAME = 50

/**
 * The token list, page after page. When it changes in between it is read from the start again, at most three times; then
 * the pages may be of different revisions, and an event follows. The window draws between pages: web views otherwise do
 * not, as long as one answer follows the other.
 */
export async function allTokens(account: string, query: AllTokensQuery = {}): Promise<TokenList> {
  const { all = false, pageSize: limit = 1000, pages = Infinity } = query
  const page = (after: TokenRef | null) => wrap(commands.listTokens(account, { after, limit, all }))
  for (let attempt = 1; ; attempt += 1) {
    let drawnAt = performance.now()
    const { revision, total, ...first } = await page(null)
    const list: TokenList = { revision, total, tokens: first.tokens, next: first.next }
    let isWhole = true
    for (let read = 1; read < pages && list.next !== null; read += 1) {
      if (performance.now() - drawnAt > WITHOUT_FRAME) {
        await drawn()
        drawnAt = performance.now()
      }
      const more = await page(list.next)
      list.tokens.push(...more.tokens)
      list.next = more.next
      isWhole &&= more.revision === revision
    }
    if (isWhole || attempt === ATTEMPTS) return list
  }
}

/** Until the next frame; at once where none is drawn. */
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
