import { CloudDownload, Trash2 } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { wipe } from 'tauri-plugin-wallet-sync-api'
import { useDevice } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { reopenDevice } from '../native'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { Dialog } from '../parts/dialog'
import { Empty } from '../parts/empty'
import { useSay } from '../parts/toast'
import { plural } from '../text/format'

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
      say.done(removed ? `${session.label} is gone from this machine` : `${session.label} was set aside: it may hold the only copy of something`)
      onClose()
    } catch (error) {
      say.failed('Not removed', error)
    }
  }

  return (
    <Dialog title={`Remove ${session.label} from this machine`} onClose={onClose}>
      <form className="form" onSubmit={(event) => void remove(event)}>
        <p>The nodes and the other device keep what they have. Afterwards the device can be restored from the nodes with nothing but the secret.</p>
        {pending > 0 && (
          <p className="notice" data-tone="warn">
            {plural(pending, 'change is', 'changes are')} not verified on the nodes yet: the folder will be set aside, not deleted.
          </p>
        )}
        <label>
          Type {session.account} to confirm
          <input value={typed} onChange={(event) => setTyped(event.target.value)} autoFocus autoComplete="off" spellCheck={false} />
        </label>
        <footer className="form-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" icon={<Trash2 aria-hidden />} disabled={typed !== session.account}>
            Remove
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

/** In the place of a device that is not here. */
export function RestoreCard({ session }: { session: DeviceSession }) {
  const say = useSay()
  const [isBusy, setBusy] = useState(false)

  async function restore(): Promise<void> {
    setBusy(true)
    try {
      await reopenDevice(session.account)
      await session.start()
      await session.sync({ fresh: true })
    } catch (error) {
      say.failed('Not restored', error)
    }
    setBusy(false)
  }

  return (
    <Card title={session.label} className="device">
      <Empty icon={<CloudDownload aria-hidden />} title="Not on this machine">
        <p>Its folder is gone. With the secret alone everything that was verified comes back from the nodes.</p>
        <Button look="primary" disabled={isBusy} icon={<CloudDownload aria-hidden />} onClick={() => void restore()}>
          Restore from the nodes
        </Button>
      </Empty>
    </Card>
  )
}
