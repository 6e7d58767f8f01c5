import { Eraser } from 'lucide-react'
import { useCallback } from 'react'
import { cacheStats, invalidateCache, type CacheKind } from 'tauri-plugin-wallet-sync-api'
import { useWatched } from '../device/watch'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { useSay } from '../parts/toast'
import { rate } from '../dashboard/series'
import { TEXT } from '../text/en'
import { bytes, count, percent } from '../text/format'

const EVENTS = ['metrics-updated', 'sync-changed', 'tokens-changed', 'publish-changed', 'lagged'] as const
const text = TEXT.nodes
const KINDS: readonly CacheKind[] = ['records', 'content', 'all']

export function CacheCard({ account }: { account: string }) {
  const say = useSay()
  const { value, refresh } = useWatched(account, EVENTS, useCallback(() => cacheStats(account), [account]))
  const names = text.cacheFigures
  const figures = [
    { name: names.records, value: count(value?.records ?? 0) },
    { name: names.blocks, value: count(value?.blocks ?? 0) },
    { name: names.bytes, value: bytes(value?.bytes ?? 0) },
    { name: names.hits, value: count(value?.hits ?? 0) },
    { name: names.misses, value: count(value?.misses ?? 0) },
    { name: names.failures, value: count(value?.failures ?? 0) },
    { name: names.rate, value: percent(value ? rate(value.hits, value.hits + value.misses) : null) },
  ]
  return (
    <Card
      title={text.cache}
      hint={text.cacheHint}
      actions={KINDS.map((kind) => (
        <Button
          key={kind}
          size="small"
          icon={<Eraser aria-hidden />}
          aria-label={text.clearName(text.clears[kind])}
          onClick={() => {
            invalidateCache(account, kind).then(
              () => {
                say.done(text.cleared)
                refresh()
              },
              (error: unknown) => say.failed(text.notCleared, error),
            )
          }}
        >
          {text.clears[kind]}
        </Button>
      ))}
    >
      <dl className="figures">
        {figures.map(({ name, value: said }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{said}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
