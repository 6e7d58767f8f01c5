import type { TokenRef } from './bindings.js'
import { badRequest } from './error.js'

/** The key of a state, of a whole row too. */
export function keyOf(field: string, token: TokenRef): TokenRef {
  if (typeof token !== 'object' || token === null) throw badRequest(field, 'not a token state')
  return { tokenId: token.tokenId, stateHash: token.stateHash }
}

/** A row, or token id and state hash. */
export const keyOfEither = (token: TokenRef | string, stateHash: string | undefined): TokenRef =>
  typeof token === 'object' ? keyOf('token', token) : { tokenId: token, stateHash: stateHash as string }
