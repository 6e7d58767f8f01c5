/** How safe a wallet is, in one sentence. */

import { TEXT } from '../text/en'
import type { Levels } from './balance'
import type { Proven } from './level'

export interface Safety {
  tone: 'good' | 'warn' | 'bad' | 'neutral'
  words: string
}

/** The worst that is true comes first: what is on this device alone, then what was not read back. */
export function safetyOf({ local, published, verified }: Levels, { on, of }: Proven): Safety {
  const all = local + published + verified
  if (all === 0) return { tone: 'neutral', words: TEXT.home.safeNone }
  if (of === 0) return { tone: 'bad', words: TEXT.home.noNodes }
  if (local > 0) return { tone: 'warn', words: TEXT.home.safeDisk(local) }
  if (published > 0) return { tone: 'warn', words: TEXT.home.safePart(published, all) }
  // While a newer change is on its way, the nodes that hold it say nothing of older tokens.
  return { tone: 'good', words: on > 0 ? TEXT.home.safeAll(on, of) : TEXT.home.safeAllOld }
}
