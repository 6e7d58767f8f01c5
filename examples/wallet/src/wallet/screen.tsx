import { Coins, LifeBuoy, Plus, Search, SearchX } from 'lucide-react'
import { useDeferredValue, useMemo, useState } from 'react'
import { useDevice, useDevices, useNow } from '../device/devices'
import { Button } from '../parts/button'
import { Empty } from '../parts/empty'
import { Notice } from '../parts/notice'
import { Segmented } from '../parts/segmented'
import { Switch } from '../parts/switch'
import { cloudOf } from '../sync/cloud'
import { TEXT } from '../text/en'
import { AddDialog } from './add-dialog'
import { BalanceCards } from './balance-cards'
import { balances, levels } from './balance'
import { Details } from './details'
import { useInventory } from './inventory'
import { degradedOf, marksOf, provenOf } from './marks'
import { keyOf, rowsOf, type Only, type Order } from './rows'
import { TokenList } from './token-list'

const text = TEXT.home
const ORDERS = (['newest', 'amount', 'level'] as const).map((value) => ({ value, text: text.orders[value] }))

/** The home of a wallet. */
export function WalletScreen() {
  const { shown, restore } = useDevices()
  const { status } = useDevice(shown)
  const [withSpent, setWithSpent] = useState(false)
  const { tokens, isRead, error } = useInventory(shown.account, withSpent)
  const [search, setSearch] = useState('')
  const [order, setOrder] = useState<Order>('newest')
  const [only, setOnly] = useState<Only>('all')
  const [isAdding, setAdding] = useState(false)
  const [current, setCurrent] = useState<string | null>(null)
  const [open, setOpen] = useState<string | null>(null)

  // A long list is sorted while the typed letter is already shown.
  const view = useDeferredValue(useMemo(() => ({ search, order, only }), [search, order, only]))
  const rows = useMemo(() => rowsOf(tokens, view), [tokens, view])
  const sums = useMemo(() => ({ balances: balances(tokens), levels: levels(tokens) }), [tokens])
  const marks = useMemo(() => marksOf(tokens), [tokens])
  const { on, of } = provenOf(status)
  const proven = useMemo(() => ({ on, of }), [on, of])
  const isPart = status !== null && status.unread.length + status.leftOut.length > 0
  const opened = open === null ? undefined : tokens.find((token) => keyOf(token) === open)
  // Gone from the list: it must not come back by itself with another filter.
  if (open !== null && opened === undefined && isRead) setOpen(null)
  const filters: readonly { value: Only; text: string }[] = [
    { value: 'all', text: text.filters.all(tokens.length) },
    { value: 'pending', text: text.filters.pending(marks.pending) },
    { value: 'suspect', text: text.filters.suspect(marks.suspect) },
    { value: 'forked', text: text.filters.forked(marks.forked) },
  ]

  return (
    <div className="screen wallet" data-tokens={tokens.length} data-is-read={isRead}>
      <BalanceCards balances={sums.balances} levels={sums.levels} proven={proven} />
      <Warnings />
      {error !== null && <Notice tone="bad">{error}</Notice>}
      {isPart && <Notice tone="warn">{text.part}</Notice>}
      <div className="toolbar">
        <label className="search">
          <Search aria-hidden />
          <input type="search" placeholder={text.search} aria-label={text.searchName} value={search} onChange={(event) => setSearch(event.target.value)} />
        </label>
        <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setAdding(true)}>
          {text.add}
        </Button>
      </div>
      <div className="toolbar">
        <Segmented label={text.show} options={filters} value={only} onChange={setOnly} />
        <Segmented label={text.order} options={ORDERS} value={order} onChange={setOrder} />
        <Switch label={text.spentToo} isOn={withSpent} onChange={setWithSpent} />
        <p className="list-foot hint" role="status">
          {text.shown(rows.length)}
        </p>
      </div>
      {rows.length > 0 ? (
        <TokenList tokens={rows} proven={proven} current={current} onMove={setCurrent} onOpen={setOpen} />
      ) : (
        <div className="tokens tokens-none">
          {!isRead ? (
            <Empty title={text.reading} />
          ) : tokens.length === 0 ? (
            <Empty icon={<Coins aria-hidden />} title={text.empty}>
              <p>{text.emptyHint}</p>
              <Button icon={<LifeBuoy aria-hidden />} onClick={() => restore(shown)}>
                {text.look}
              </Button>
            </Empty>
          ) : (
            <Empty icon={<SearchX aria-hidden />} title={text.noMatch}>
              {text.noMatchHint}
            </Empty>
          )}
        </div>
      )}
      {isAdding && <AddDialog account={shown.account} onClose={() => setAdding(false)} />}
      {opened !== undefined && (
        <Details key={open} account={shown.account} token={opened} proven={proven} onClose={() => setOpen(null)} />
      )}
    </div>
  )
}

/** What of the nodes a person has to know here. */
function Warnings() {
  const { shown } = useDevices()
  const device = useDevice(shown)
  const kind = cloudOf(device, useNow()).kind
  const isOffline = kind === 'offline' && device.status !== null && device.status.nodes > 0
  const degraded = degradedOf(device.nodes)
  const again = (
    <Button size="small" disabled={device.isAsked} onClick={() => void shown.sync({ fresh: true })}>
      {TEXT.app.tryAgain}
    </Button>
  )
  return (
    <>
      {isOffline && (
        <Notice tone="offline" action={again}>
          {device.outcome === 'partial' ? TEXT.cloud.notCome : text.offline}
        </Notice>
      )}
      {!isOffline && degraded !== null && <Notice tone="warn">{degraded}</Notice>}
      {kind === 'error' && (
        <Notice tone="bad" action={again}>
          {cloudOf(device, Date.now()).detail}
        </Notice>
      )}
    </>
  )
}
