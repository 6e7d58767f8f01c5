import { UserMinus } from 'lucide-react'
import { useState } from 'react'
import { retireDevice, WalletSyncError, type Device, type ErrorCode } from 'tauri-plugin-wallet-sync-api'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { Notice } from '../parts/notice'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'
import { nameOf } from './device-row'

const text = TEXT.devices

interface Props {
  account: string
  device: Device
  onDone: () => void
  onClose: () => void
}

export function RetireDialog({ account, device, onDone, onClose }: Props) {
  const say = useSay()
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const name = nameOf(device)

  async function retire(): Promise<void> {
    setBusy(true)
    setFailure(null)
    try {
      await retireDevice(account, device.slot)
      say.done(text.retired2(name))
      onDone()
      onClose()
    } catch (error) {
      const { code, message } = WalletSyncError.from(error)
      setFailure(text.whyNot[code as ErrorCode] ?? message)
    }
    setBusy(false)
  }

  return (
    <Dialog title={text.retireTitle(name)} onClose={onClose}>
      <div className="form">
        <p>{text.retireHint}</p>
        {failure !== null && <Notice tone="bad">{failure}</Notice>}
        <footer className="form-foot">
          <Button onClick={onClose}>{TEXT.app.cancel}</Button>
          <Button look="danger" icon={<UserMinus aria-hidden />} disabled={isBusy} onClick={() => void retire()}>
            {text.retire}
          </Button>
        </footer>
      </div>
    </Dialog>
  )
}
