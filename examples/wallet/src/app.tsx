import { ChartColumn, Coins, RefreshCw, Server, TriangleAlert } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { WalletSyncError } from 'tauri-plugin-wallet-sync-api'
import { DevicesProvider, useDevice, useDevices } from './device/devices'
import { overview, type Overview } from './native'
import { NodesScreen } from './nodes/screen'
import { Segmented } from './parts/segmented'
import { ToastProvider } from './parts/toast'
import { CloudButton } from './sync/cloud-button'
import { SyncScreen } from './sync/screen'
import { WalletScreen } from './wallet/screen'

// The charts are a third of the code: the wallet shows without them.
const DashboardScreen = lazy(() => import('./dashboard/screen'))

const SCREENS = [
  { name: 'wallet', title: 'Wallet', icon: Coins, show: WalletScreen },
  { name: 'sync', title: 'Sync', icon: RefreshCw, show: SyncScreen },
  { name: 'dashboard', title: 'Dashboard', icon: ChartColumn, show: DashboardScreen },
  { name: 'nodes', title: 'Nodes', icon: Server, show: NodesScreen },
] as const

export function App() {
  const [start, setStart] = useState<Overview | WalletSyncError | null>(null)
  useEffect(() => {
    overview().then(setStart, (error: unknown) => setStart(WalletSyncError.from(error)))
  }, [])
  if (start === null) return null
  if (start instanceof WalletSyncError) {
    return (
      <p role="alert" className="notice" data-tone="bad">
        The wallet cannot be reached: {start.message}
      </p>
    )
  }
  return (
    <ToastProvider>
      <DevicesProvider overview={start}>
        <Shell />
      </DevicesProvider>
    </ToastProvider>
  )
}

function Shell() {
  const { overview: about, sessions, shown, show } = useDevices()
  const [name, setName] = useState<(typeof SCREENS)[number]['name']>('wallet')
  const screen = SCREENS.find((one) => one.name === name) ?? SCREENS[0]
  const { isOpen, opening } = useDevice(shown)
  const Screen = screen.show
  return (
    <div className="shell" data-ready={isOpen} data-screen={name}>
      <nav className="side" aria-label="Screens">
        <p className="brand">
          <img src="/icon.png" alt="" width={28} height={28} />
          wallet-sync
        </p>
        <ul>
          {SCREENS.map(({ name: one, title, icon: Icon }) => (
            <li key={one}>
              <button type="button" className="side-link" aria-current={one === name ? 'page' : undefined} onClick={() => setName(one)}>
                <Icon aria-hidden />
                {title}
                {one === 'dashboard' && <AlertCount />}
              </button>
            </li>
          ))}
        </ul>
        <div className="side-foot">
          {about.secretIn === 'file' && (
            <p className="secret-warning">
              <TriangleAlert aria-hidden />
              <span>No keyring here: the secret is in a file that only you can read. For development only.</span>
            </p>
          )}
          <p className="hint">Version {about.version}</p>
        </div>
      </nav>
      <div className="main">
        <header className="top">
          <h1>{screen.title}</h1>
          <div className="top-right">
            {name !== 'sync' && (
              <Segmented
                label="Device"
                options={sessions.map(({ account, label }) => ({ value: account, text: label }))}
                value={shown.account}
                onChange={show}
              />
            )}
            <CloudButton key={shown.account} session={shown} />
          </div>
        </header>
        <main>
          <Suspense fallback={null}>
            {/* Anew for another device, and for one that was opened again. */}
            <Screen key={name === 'sync' ? 'both' : `${shown.account} ${opening}`} />
          </Suspense>
        </main>
      </div>
    </div>
  )
}

function AlertCount() {
  const { shown } = useDevices()
  const { alerts } = useDevice(shown)
  if (alerts.length === 0) return null
  return (
    <span className="count" aria-label={`${alerts.length} alerts`}>
      {alerts.length}
    </span>
  )
}
