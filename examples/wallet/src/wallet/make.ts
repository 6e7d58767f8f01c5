/** Makes tokens to try the wallet with. They are worth nothing: there is no ledger behind them. */

import type { NewToken } from 'tauri-plugin-wallet-sync-api'
import { formatSummary, type Amount } from '../text/amount'

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

const random = (length: number): string => hex(crypto.getRandomValues(new Uint8Array(length)))

/** Ids begin with the time, so that their order is that of their making. */
export function newTokenId(at: number, index: number): string {
  return `${at.toString(36).padStart(9, '0')}${index.toString(36).padStart(4, '0')}-${random(6)}`
}

export function makeToken(tokenId: string, amount: Amount, coin: string, memo: string): NewToken {
  const payload = JSON.stringify({ version: 1, coin, units: amount.units.toString(), secret: random(32) })
  return { tokenId, stateHash: random(32), summary: formatSummary(amount, coin, memo), payload }
}

/** Tokens of various amounts, for a list worth scrolling. */
export function makeMany(howMany: number, coin: string, memo: string, now: number): NewToken[] {
  return Array.from({ length: howMany }, (_, index) => {
    const units = BigInt(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) % 50_000n
    return makeToken(newTokenId(now, index), { units: units + 1n, decimals: 2 }, coin, memo)
  })
}
