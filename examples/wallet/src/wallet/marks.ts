/** What a wallet has to say above its list. */

import type { NodeStatus, WalletStatus } from 'tauri-plugin-wallet-sync-api'
import { shortId } from '../text/format'
import { TEXT } from '../text/en'
import type { Token } from './balance'
import type { Proven } from './level'

/** How many tokens each filter keeps. */
export const marksOf = (tokens: readonly Token[]) => ({
  suspect: tokens.filter(({ row }) => row.spend === 'intent').length,
  forked: tokens.filter(({ row }) => row.forked).length,
  pending: tokens.filter(({ row }) => row.ack !== 'verified').length,
})

/** Nodes that hold the newest state: they say nothing of older tokens while a newer change is on its way. */
export const provenOf = (status: WalletStatus | null): Proven => ({
  on: status?.ack === 'verified' ? status.verifiedNodes : 0,
  of: status?.nodes ?? 0,
})

/** Some nodes fail, and some do not; `null` otherwise. */
export function degradedOf(nodes: readonly NodeStatus[] | null): string | null {
  const used = nodes?.filter(({ enabled }) => enabled) ?? []
  const ill = used.filter(({ state }) => state === 'down' || state === 'failing')
  if (ill.length === 0 || ill.length === used.length) return null
  return TEXT.home.degraded(ill.map(({ id }) => shortId(id)).join(', '), ill.length, used.length)
}
