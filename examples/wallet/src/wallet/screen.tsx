import { Coins, Plus, Search, SearchX } from 'lucide-react'
import { useDeferredValue, useMemo, useState } from 'react'
import { useDevice, useDevices } from '../device/devices'
import { Button } from '../parts/button'
import { Empty } from '../parts/empty'
import { Segmented } from '../parts/segmented'
import { Switch } from '../parts/switch'
import { count, plural } from '../text/format'
import { AddDialog } from './add-dialog'
import { BalanceCards } from './balance-cards'
import { balances, levels } from './balance'
import { Details } from './details'
import { useInventory } from './inventory'
import { keyOf, rowsOf, type Only, type Order } from './rows'
import { TokenList } from './token-list'

const ORDERS: readonly { value: Order; text: string }[] = [
  { value: 'newest', text: 'Newest' },
  { value: 'amount', text: 'Amount' },
  { value: 'level', text: 'Level' },
]

export function WalletScreen() {
  const { shown } = useDevices()
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
  const marks = useMemo(
    () => ({
      suspect: tokens.filter(({ row }) => row.spend === 'intent').length,
      forked: tokens.filter(({ row }) => row.forked).length,
      pending: tokens.filter(({ row }) => row.ack !== 'verified').length,
    }),
    [tokens],
  )
  // Nodes that hold the newest state: they say nothing of older tokens while a newer change is on its way.
  const verifiedNodes = status?.ack === 'verified' ? status.verifiedNodes : 0
  const isPart = status !== null && status.unread.length + status.leftOut.length > 0
  const opened = open === null ? undefined : tokens.find((token) => keyOf(token) === open)
  // Gone from the list: it must not come back by itself with another filter.
  if (open !== null && opened === undefined && isRead) setOpen(null)
  const filters: readonly { value: Only; text: string }[] = [
    { value: 'all', text: `All ${count(tokens.length)}` },
    { value: 'pending', text: `Not verified ${count(marks.pending)}` },
    { value: 'suspect', text: `Suspect ${count(marks.suspect)}` },
    { value: 'forked', text: `Forked ${count(marks.forked)}` },
  ]

  return (
    <div className="screen wallet" data-tokens={tokens.length} data-is-read={isRead}>
      <BalanceCards balances={sums.balances} levels={sums.levels} verifiedNodes={verifiedNodes} />
      <div className="toolbar">
        <label className="search">
          <Search aria-hidden />
          <input type="search" placeholder="Search label, memo, amount, id" aria-label="Search tokens" value={search} onChange={(event) => setSearch(event.target.value)} />
        </label>
        <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setAdding(true)}>
          Add tokens
        </Button>
      </div>
      <div className="toolbar">
        <Segmented label="Show" options={filters} value={only} onChange={setOnly} />
        <Segmented label="Order" options={ORDERS} value={order} onChange={setOrder} />
        <Switch label="Spent too" isOn={withSpent} onChange={setWithSpent} />
        <p className="list-foot hint" role="status">
          {plural(rows.length, 'token')} shown
        </p>
      </div>
      {error !== null && <p role="alert" className="notice" data-tone="bad">{error}</p>}
      {isPart && (
        <p role="status" className="notice" data-tone="warn">
          Not all of this wallet is here: what other devices published is still on its way, or does not fit here.
        </p>
      )}
      {rows.length > 0 ? (
        <TokenList tokens={rows} verifiedNodes={verifiedNodes} current={current} onMove={setCurrent} onOpen={setOpen} />
      ) : (
        <div className="tokens tokens-none">
          {!isRead ? (
            <Empty title="Reading the wallet" />
          ) : tokens.length === 0 ? (
            <Empty icon={<Coins aria-hidden />} title="No token yet">
              Add one: it is on this disk at once, on your nodes a moment later, and on every device of this wallet.
            </Empty>
          ) : (
            <Empty icon={<SearchX aria-hidden />} title="No token matches">
              Change the search or the filter.
            </Empty>
          )}
        </div>
      )}
      {isAdding && <AddDialog account={shown.account} onClose={() => setAdding(false)} />}
      {opened !== undefined && (
        <Details key={open} account={shown.account} token={opened} verifiedNodes={verifiedNodes} onClose={() => setOpen(null)} />
      )}
    </div>
  )
}
