import { Plus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { putTokens } from 'tauri-plugin-wallet-sync-api'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { Segmented } from '../parts/segmented'
import { useSay } from '../parts/toast'
import { parseAmount } from '../text/amount'
import { plural } from '../text/format'
import { makeMany, makeToken, newTokenId } from './make'

/** What one call takes. */
const BATCH = 1000
const COUNTS = [
  { value: '1', text: 'One' },
  { value: '100', text: '100' },
  { value: '1000', text: '1 000' },
  { value: '10000', text: '10 000' },
] as const

export function AddDialog({ account, onClose }: { account: string; onClose: () => void }) {
  const say = useSay()
  const [howMany, setHowMany] = useState<(typeof COUNTS)[number]['value']>('1')
  const [amount, setAmount] = useState('12.50')
  const [coin, setCoin] = useState('EUR')
  const [memo, setMemo] = useState('')
  const [done, setDone] = useState<number | null>(null)
  const parsed = parseAmount(amount)
  const isOne = howMany === '1'
  const isCoin = /^[A-Z][A-Z0-9]{1,9}$/.test(coin)

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault()
    const now = Date.now()
    if (!isCoin || (isOne && parsed === null)) return
    const tokens =
      isOne && parsed !== null ? [makeToken(newTokenId(now, 0), parsed, coin, memo.trim())] : makeMany(Number(howMany), coin, memo.trim(), now)
    try {
      for (let at = 0; at < tokens.length; at += BATCH) {
        setDone(at)
        await putTokens(account, tokens.slice(at, at + BATCH))
      }
      say.done(`${plural(tokens.length, 'token')} on this disk; the backup follows by itself`)
      onClose()
    } catch (error) {
      say.failed('Not added', error)
      setDone(null)
    }
  }

  return (
    <Dialog title="Add tokens" onClose={onClose}>
      <form className="form" onSubmit={(event) => void add(event)}>
        <p className="hint">Made up here to try the wallet with; there is no ledger behind them.</p>
        <Segmented label="How many" options={COUNTS} value={howMany} onChange={setHowMany} />
        <div className="form-row">
          <label>
            Amount
            <input
              inputMode="decimal"
              value={isOne ? amount : 'various'}
              disabled={!isOne}
              aria-invalid={isOne && parsed === null}
              onChange={(event) => setAmount(event.target.value)}
              autoFocus
            />
          </label>
          <label className="form-narrow">
            Coin
            <input value={coin} aria-invalid={!isCoin} maxLength={10} onChange={(event) => setCoin(event.target.value.toUpperCase())} />
          </label>
        </div>
        <label>
          Memo
          <input value={memo} maxLength={60} placeholder="What is it for?" onChange={(event) => setMemo(event.target.value)} />
        </label>
        <footer className="form-foot">
          {done !== null && <progress value={done} max={Number(howMany)} aria-label="Added" />}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" icon={<Plus aria-hidden />} disabled={done !== null || !isCoin || (isOne && parsed === null)}>
            {isOne ? 'Add token' : `Add ${plural(Number(howMany), 'token')}`}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
