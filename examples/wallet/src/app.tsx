import { CSPProvider } from '@base-ui/react/csp-provider'
import { useEffect, useState } from 'react'
import { WalletSyncError } from 'tauri-plugin-wallet-sync-api'
import { DevicesProvider } from './device/devices'
import { overview, type Overview } from './native'
import { Notice } from './parts/notice'
import { ToastProvider } from './parts/toast'
import { Shell } from './shell'
import { TEXT } from './text/en'

export function App() {
  const [start, setStart] = useState<Overview | WalletSyncError | null>(null)
  useEffect(() => {
    overview().then(setStart, (error: unknown) => setStart(WalletSyncError.from(error)))
  }, [])
  if (start === null) return null
  if (start instanceof WalletSyncError) return <Notice tone="bad">{TEXT.app.notReached(start.message)}</Notice>
  return (
    // No style elements: the content security policy allows files of the app only.
    <CSPProvider disableStyleElements>
      <ToastProvider>
        <DevicesProvider overview={start}>
          <Shell />
        </DevicesProvider>
      </ToastProvider>
    </CSPProvider>
  )
}
