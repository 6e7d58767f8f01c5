/** Whether two devices show the same wallet. */

import type { TokenRow } from 'tauri-plugin-wallet-sync-api'

export interface Comparison {
  isSame: boolean
  /** States that only the first has. */
  onlyFirst: number
  onlySecond: number
  /** States both have, with another state of their spend. */
  differing: number
}

const keyed = (rows: readonly TokenRow[]): Map<string, string> =>
  new Map(rows.map(({ tokenId, stateHash, spend }) => [`${tokenId}/${stateHash}`, spend]))

export function compareDevices(first: readonly TokenRow[], second: readonly TokenRow[]): Comparison {
  const [one, other] = [keyed(first), keyed(second)]
  let onlyFirst = 0
  let differing = 0
  for (const [key, spend] of one) {
    const there = other.get(key)
    if (there === undefined) onlyFirst += 1
    else if (there !== spend) differing += 1
  }
  const onlySecond = other.size - (one.size - onlyFirst)
  return { isSame: onlyFirst + onlySecond + differing === 0, onlyFirst, onlySecond, differing }
}
