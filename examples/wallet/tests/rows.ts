import type { TokenRow } from 'tauri-plugin-wallet-sync-api'
import { tokenOf, type Token } from '../src/wallet/balance'

/** A row to alter. */
export const row = (change: Partial<TokenRow> = {}): TokenRow => ({
  tokenId: 't1',
  stateHash: 's1',
  previous: null,
  summary: '1.00 EUR',
  size: 10,
  spend: 'none',
  forked: false,
  ack: 'verified',
  hasPayload: true,
  own: true,
  ...change,
})

export const token = (change: Partial<TokenRow> = {}, label = ''): Token =>
  tokenOf(row(change), new Map([[change.tokenId ?? 't1', label]]))
