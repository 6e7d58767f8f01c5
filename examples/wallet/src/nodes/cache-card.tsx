import { Eraser } from 'lucide-react'
import { useCallback } from 'react'
import { cacheStats, invalidateCache, type CacheKind } from 'tauri-plugin-wallet-sync-api'
import { useWatched } from '../device/watch'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { useSay } from '../parts/toast'
import { rate } from '../dashboard/series'
import { bytes, count, percent } from '../text/format'

const EVENTS = ['metrics-updated', 'sync-changed', 'tokens-changed', 'publish-changed', 'lagged'] as const

const CLEARS: readonly { kind: CacheKind; text: string }[] = [
  { kind: 'records', text: 'Records' },
  { kind: 'content', text: 'Content' },
  { kind: 'all', text: 'Both' },
]

export function CacheCard({ account }: { account: string }) {
  const say = useSay()
  const { value, refresh } = useWatched(account, EVENTS, useCallback(() => cacheStats(account), [account]))
  const figures = [
    { name: 'Known records', value: count(value?.records ?? 0) },
    { name: 'Blocks on disk', value: count(value?.blocks ?? 0) },
    { name: 'Bytes', value: bytes(value?.bytes ?? 0) },
    { name: 'Answered from cache', value: count(value?.hits ?? 0) },
    { name: 'Asked the network', value: count(value?.misses ?? 0) },
    { name: 'Failed', value: count(value?.failures ?? 0) },
    { name: 'Hit rate', value: percent(value ? rate(value.hits, value.hits + value.misses) : null) },
  ]
  return (
    <Card
      title="Cache"
      hint="Invalidating forgets only what can be fetched or built again: tokens, evidence and labels stay"
      actions={CLEARS.map(({ kind, text }) => (
        <Button
          key={kind}
          size="small"
          icon={<Eraser aria-hidden />}
          aria-label={`Invalidate ${text.toLowerCase()}`}
          onClick={() => {
            invalidateCache(account, kind).then(
              () => {
                say.done('Invalidated: the next sync asks the nodes')
                refresh()
              },
              (error: unknown) => say.failed('Not invalidated', error),
            )
          }}
        >
          {text}
        </Button>
      ))}
    >
      <dl className="figures">
        {figures.map(({ name, value: text }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
