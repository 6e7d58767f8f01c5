import { Plus } from 'lucide-react'
import { useId, useState, type FormEvent } from 'react'
import { putTokens } from 'tauri-plugin-wallet-sync-api'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { Segmented } from '../parts/segmented'
import { useSay } from '../parts/toast'
import { parseAmount } from '../text/amount'
import { TEXT } from '../text/en'
import { count } from '../text/format'
import { makeMany, makeToken, newTokenId } from './make'

const text = TEXT.add
/** What one call takes. */
const BATCH = 1000
const COUNTS = (['1', '100', '1000', '10000'] as const).map((value) => ({ value, text: value === '1' ? text.one : count(Number(value)) }))
type HowMany = (typeof COUNTS)[number]['value']

export function AddDialog({ account, onClose }: { account: string; onClose: () => void }) {
  const say = useSay()
  const id = useId()
  const [howMany, setHowMany] = useState<HowMany>('1')
  const [amount, setAmount] = useState('12.50')
  const [coin, setCoin] = useState('EUR')
  const [memo, setMemo] = useState('')
  const [done, setDone] = useState<number | null>(null)
  const parsed = parseAmount(amount)
  const isOne = howMany === '1'
  const isAmount = !isOne || parsed !== null
  const isCoin = /^[A-Z][A-Z0-9]{1,9}$/.test(coin)

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault()
    const now = Date.now()
    if (!isCoin || !isAmount) return
    const tokens =
      isOne && parsed !== null ? [makeToken(newTokenId(now, 0), parsed, coin, memo.trim())] : makeMany(Number(howMany), coin, memo.trim(), now)
    try {
      for (let at = 0; at < tokens.length; at += BATCH) {
        setDone(at)
        await putTokens(account, tokens.slice(at, at + BATCH))
      }
      say.done(text.done(tokens.length))
      onClose()
    } catch (error) {
      say.failed(text.failed, error)
      setDone(null)
    }
  }

  return (
    <Dialog title={text.title} onClose={onClose}>
      <form className="form" onSubmit={(event) => void add(event)}>
        <p className="hint">{text.hint}</p>
        <Segmented label={text.howMany} options={COUNTS} value={howMany} onChange={setHowMany} />
        <div className="form-row">
          <label>
            {text.amount}
            <input
              inputMode="decimal"
              value={isOne ? amount : text.various}
              disabled={!isOne}
              aria-invalid={!isAmount}
              aria-describedby={isAmount ? undefined : `${id}-amount`}
              onChange={(event) => setAmount(event.target.value)}
              autoFocus
            />
          </label>
          <label className="form-narrow">
            {text.coin}
            <input
              value={coin}
              aria-invalid={!isCoin}
              aria-describedby={isCoin ? undefined : `${id}-coin`}
              maxLength={10}
              onChange={(event) => setCoin(event.target.value.toUpperCase())}
            />
          </label>
        </div>
        {!isAmount && (
          <p className="form-error" id={`${id}-amount`}>
            {text.wrongAmount}
          </p>
        )}
        {!isCoin && (
          <p className="form-error" id={`${id}-coin`}>
            {text.wrongCoin}
          </p>
        )}
        <label>
          {text.memo}
          <input value={memo} maxLength={60} placeholder={text.memoHint} onChange={(event) => setMemo(event.target.value)} />
        </label>
        <footer className="form-foot">
          {done !== null && <progress value={done} max={Number(howMany)} aria-label={text.progress} />}
          <Button onClick={onClose}>{TEXT.app.cancel}</Button>
          <Button type="submit" look="primary" icon={<Plus aria-hidden />} disabled={done !== null || !isCoin || !isAmount}>
            {text.submit(Number(howMany))}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
