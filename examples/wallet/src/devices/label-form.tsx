import { Tag } from 'lucide-react'
import { useId, useState, type FormEvent } from 'react'
import { setDeviceLabel } from 'tauri-plugin-wallet-sync-api'
import { Button } from '../parts/button'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'

const text = TEXT.devices
/** What the plugin takes. */
const MOST_BYTES = 64

export const isLabel = (label: string): boolean => new TextEncoder().encode(label).length <= MOST_BYTES

interface Props {
  account: string
  label: string
  hasSlot: boolean
  onSaved: () => void
}

export function LabelForm({ account, label, hasSlot, onSaved }: Props) {
  const say = useSay()
  const id = useId()
  const [typed, setTyped] = useState(label)
  const wanted = typed.trim()
  const isGood = isLabel(wanted)

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault()
    try {
      await setDeviceLabel(account, wanted === '' ? null : wanted)
      say.done(text.saved)
      onSaved()
    } catch (error) {
      say.failed(text.notSaved, error)
    }
  }

  return (
    <form className="form" onSubmit={(event) => void save(event)}>
      <div className="form-row">
        <label>
          {text.label}
          <input
            value={typed}
            placeholder={text.labelHint}
            aria-invalid={!isGood}
            aria-describedby={isGood ? undefined : id}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        <Button type="submit" icon={<Tag aria-hidden />} disabled={!isGood || (hasSlot && wanted === label)}>
          {wanted === '' && label !== '' ? text.remove : text.save}
        </Button>
      </div>
      {!isGood && (
        <p className="form-error" id={id}>
          {text.labelTooLong}
        </p>
      )}
      {!hasSlot && <p className="hint">{text.noSlot}</p>}
    </form>
  )
}
