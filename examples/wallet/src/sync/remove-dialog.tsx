import { Trash2 } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { wipe } from 'tauri-plugin-wallet-sync-api'
import { useDevice } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { Notice } from '../parts/notice'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'

const text = TEXT.remove

/** Taking a device off this machine, as if it was lost. */
export function RemoveDialog({ session, onClose }: { session: DeviceSession; onClose: () => void }) {
  const say = useSay()
  const { status } = useDevice(session)
  const [typed, setTyped] = useState('')
  const pending = status?.pending ?? 0

  async function remove(event: FormEvent): Promise<void> {
    event.preventDefault()
    try {
      const { removed } = await wipe(session.account, typed, { force: pending > 0 })
      say.done(removed ? text.done(session.label) : text.aside(session.label))
      onClose()
    } catch (error) {
      say.failed(text.failed, error)
    }
  }

  return (
    <Dialog title={TEXT.sync.removeName(session.label)} onClose={onClose}>
      <form className="form" onSubmit={(event) => void remove(event)}>
        <p>{text.hint}</p>
        {pending > 0 && <Notice tone="warn">{text.pending(pending)}</Notice>}
        <label>
          {text.confirm(session.account)}
          <input value={typed} onChange={(event) => setTyped(event.target.value)} autoFocus autoComplete="off" spellCheck={false} />
        </label>
        <footer className="form-foot">
          <Button onClick={onClose}>{TEXT.app.cancel}</Button>
          <Button type="submit" look="danger" icon={<Trash2 aria-hidden />} disabled={typed !== session.account}>
            {text.submit}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
