/** Numbers, times and ids for people. */

const DASH = '–'

/** A latency: `0.4 ms`, `38 ms`, `1.25 s`. */
export function duration(ms: number | null): string {
  if (ms === null) return DASH
  if (ms === 0) return '0 ms'
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  if (ms >= 10) return `${Math.round(ms)} ms`
  if (ms >= 0.1) return `${ms.toFixed(1)} ms`
  return `${Math.round(ms * 1000)} µs`
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`
  const units = ['KiB', 'MiB', 'GiB']
  let value = count / 1024
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** A share of 0–1; never rounded up to a full 100 %. */
export function percent(share: number | null): string {
  if (share === null) return DASH
  if (share === 1) return '100 %'
  const tenths = Math.floor(share * 1000 + 1e-9) / 10
  return `${tenths.toFixed(1)} %`
}

export const count = (value: number): string => value.toString().replace(/\B(?=(\d{3})+$)/g, '\u202f')

export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`

const two = (value: number): string => value.toString().padStart(2, '0')

/** `14:05`, of the local day. */
export function clock(at: number): string {
  const time = new Date(at)
  return `${two(time.getHours())}:${two(time.getMinutes())}`
}

export const clockSeconds = (at: number): string => `${clock(at)}:${two(new Date(at).getSeconds())}`

/** Both ends of a long id. */
export const shortId = (id: string, ends = 6): string => (id.length <= 2 * ends + 1 ? id : `${id.slice(0, ends)}…${id.slice(-ends)}`)

/** As the beginning of a sentence. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** A code as words: `storage_full` → `storage full`. */
export const words = (code: string): string => code.replaceAll('_', ' ')
