import { late } from './error.js'

/** Gives up waiting for what does not come; what was asked for goes on. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms)
    void work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** Resolves after so many milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Pauses that double, ms. */
export class Backoff {
  private ms = 0

  constructor(
    private readonly first = 1_000,
    private readonly last = 30_000,
  ) {}

  next(): number {
    this.ms = Math.min(Math.max(this.ms * 2, this.first), this.last)
    return this.ms
  }

  reset(): void {
    this.ms = 0
  }
}
