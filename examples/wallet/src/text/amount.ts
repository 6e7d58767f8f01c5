/** Amounts as tokens carry them in their summary: `12.50 EUR`, with a memo behind ` · `. */

/** An exact amount: `units` of 10^-`decimals`. */
export interface Amount {
  units: bigint
  decimals: number
}

/** What a summary says. */
export interface Summary {
  amount: Amount
  coin: string
  memo: string
}

const SUMMARY = /^(\d{1,30})(?:\.(\d{1,18}))? ([A-Z][A-Z0-9]{1,9})(?: · (.*))?$/su

/** Reads a summary; `null` for one that another wallet wrote in its own way. */
export function parseSummary(text: string | null): Summary | null {
  const found = text === null ? null : SUMMARY.exec(text)
  if (found === null) return null
  const [, whole = '0', part = '', coin = '', memo = ''] = found
  return { amount: { units: BigInt(whole + part), decimals: part.length }, coin, memo }
}

/** Reads what a person types; `null` when it is no positive amount. */
export function parseAmount(text: string): Amount | null {
  const found = /^(\d{1,30})(?:[.,](\d{1,18}))?$/.exec(text.trim())
  if (found === null) return null
  const [, whole = '0', part = ''] = found
  const units = BigInt(whole + part)
  return units > 0n ? { units, decimals: part.length } : null
}

export const formatSummary = (amount: Amount, coin: string, memo: string): string =>
  `${plain(amount)} ${coin}${memo === '' ? '' : ` · ${memo}`}`

export function add(a: Amount, b: Amount): Amount {
  const decimals = Math.max(a.decimals, b.decimals)
  return { units: scaled(a, decimals) + scaled(b, decimals), decimals }
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`. */
export function compare(a: Amount, b: Amount): number {
  const decimals = Math.max(a.decimals, b.decimals)
  const [left, right] = [scaled(a, decimals), scaled(b, decimals)]
  return left < right ? -1 : left > right ? 1 : 0
}

export const ZERO: Amount = { units: 0n, decimals: 0 }

/** For people: grouped, with at least two decimals if there are any. */
export function formatAmount(amount: Amount): string {
  const [whole = '0', part = ''] = plain(amount).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f')
  const trimmed = part.replace(/0+$/, '')
  const shown = part === '' ? '' : `.${trimmed.padEnd(2, '0')}`
  return grouped + shown
}

const scaled = ({ units, decimals }: Amount, to: number): bigint => (to === decimals ? units : units * 10n ** BigInt(to - decimals))

function plain({ units, decimals }: Amount): string {
  if (decimals === 0) return units.toString()
  const digits = units.toString().padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
