/** The list: any number of tokens, few of them drawn. */

import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useCallback, useEffect, useMemo, useRef, type KeyboardEvent } from 'react'
import { formatAmount } from '../text/amount'
import { shortId } from '../text/format'
import type { Token } from './balance'
import { TEXT } from '../text/en'
import { LevelBadge, Marks, type Proven } from './level'
import { keyOf } from './rows'

const ROW = 58
const estimateSize = (): number => ROW

interface Props {
  tokens: readonly Token[]
  proven: Proven
  /** Key of the row the keyboard is on. */
  current: string | null
  onMove: (key: string) => void
  onOpen: (key: string) => void
}

export function TokenList({ tokens, proven, current, onMove, onOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const keys = useMemo(() => tokens.map(keyOf), [tokens])
  // The same functions in each render: with new ones every row would be measured again.
  const getItemKey = useCallback((at: number) => keys[at] ?? at, [keys])
  const virtual = useVirtualizer({ count: keys.length, getScrollElement: () => scroller.current, estimateSize, overscan: 4, getItemKey })
  const at = useMemo(() => (current === null ? -1 : keys.indexOf(current)), [keys, current])
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at)
    // Follows the keyboard only, not every change of the list.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [current])

  function move(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1)
    const last = tokens.length - 1
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last,
    }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      const token = tokens[Math.min(Math.max(to, 0), last)]
      if (token !== undefined) onMove(keyOf(token))
    } else if ((event.key === 'Enter' || event.key === ' ') && current !== null) {
      event.preventDefault()
      onOpen(current)
    }
  }

  return (
    <div
      ref={scroller}
      className="tokens"
      role="listbox"
      aria-label={TEXT.home.list}
      tabIndex={0}
      aria-activedescendant={at >= 0 ? `token-${at}` : undefined}
      onKeyDown={move}
    >
      <div className="tokens-all" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const token = tokens[index]
          if (token === undefined) return null
          return (
            <div
              key={key}
              id={`token-${index}`}
              role="option"
              aria-selected={index === at}
              aria-setsize={tokens.length}
              aria-posinset={index + 1}
              className="token"
              data-ack={token.row.ack}
              data-spend={token.row.spend}
              style={{ transform: `translateY(${start}px)`, height: ROW }}
              onClick={() => {
                onMove(keyOf(token))
                onOpen(keyOf(token))
              }}
            >
              <TokenLine token={token} proven={proven} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

const TokenLine = memo(function TokenLine({ token: { row, summary, label }, proven }: { token: Token; proven: Proven }) {
  const title = label || summary?.memo || TEXT.home.noLabel
  return (
    <>
      <span className="coin" data-coin={(summary?.coin.charCodeAt(0) ?? 0) % 5} aria-hidden>
        {summary?.coin.slice(0, 3) ?? '?'}
      </span>
      <span className="token-what">
        <span className="token-title" data-is-empty={!label && !summary?.memo}>
          {title}
        </span>
        <span className="token-id">{shortId(row.tokenId, 8)}</span>
      </span>
      <span className="token-marks">
        <Marks row={row} />
      </span>
      <span className="token-level">
        <LevelBadge ack={row.ack} proven={proven} />
      </span>
      <span className="token-amount">
        {summary === null ? (
          (row.summary ?? TEXT.home.noSummary)
        ) : (
          <>
            {formatAmount(summary.amount)} <small>{summary.coin}</small>
          </>
        )}
      </span>
    </>
  )
})
