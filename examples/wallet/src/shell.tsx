/** What is around every screen: where one can go, which device is shown, how its backup stands. */

import { Activity, ChartColumn, Coins, MonitorSmartphone, RefreshCw, ScanSearch, Server, TriangleAlert } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { ActivityScreen } from './activity/screen'
import { AuditScreen } from './audit/screen'
import { useDevice, useDevices } from './device/devices'
import { DevicesScreen } from './devices/screen'
import { NodesScreen } from './nodes/screen'
import { Fence } from './parts/fence'
import { Segmented } from './parts/segmented'
import { GoneCard } from './restore/gone'
import { CloudButton } from './sync/cloud-button'
import { SyncScreen } from './sync/screen'
import { TEXT } from './text/en'
import { ThemeSwitch } from './theme/theme-switch'
import { WalletScreen } from './wallet/screen'

// The charts are a third of the code: the wallet shows without them.
const DashboardScreen = lazy(() => import('./dashboard/screen'))

const SCREENS = [
  { name: 'wallet', icon: Coins, show: WalletScreen },
  { name: 'devices', icon: MonitorSmartphone, show: DevicesScreen },
  { name: 'nodes', icon: Server, show: NodesScreen },
  { name: 'audit', icon: ScanSearch, show: AuditScreen },
  { name: 'activity', icon: Activity, show: ActivityScreen },
  { name: 'dashboard', icon: ChartColumn, show: DashboardScreen },
  { name: 'sync', icon: RefreshCw, show: SyncScreen },
] as const
type Name = (typeof SCREENS)[number]['name']

const text = TEXT.app

export function Shell() {
  const { sessions, shown, show } = useDevices()
  const [name, setName] = useState<Name>('wallet')
  const screen = SCREENS.find((one) => one.name === name) ?? SCREENS[0]
  const { isOpen, opening } = useDevice(shown)
  const main = useRef<HTMLElement>(null)
  const title = TEXT.screens[name]
  useEffect(() => {
    document.title = `${title} · ${text.name}`
  }, [title])
  const isBoth = name === 'sync'
  const Screen = screen.show
  return (
    <div className="shell" data-ready={isOpen} data-screen={name}>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {text.skip}
      </button>
      <Side name={name} onName={setName} />
      <div className="main">
        <header className="top">
          <h1>{title}</h1>
          <div className="top-right">
            {!isBoth && (
              <Segmented
                label={text.device}
                options={sessions.map(({ account, label }) => ({ value: account, text: label }))}
                value={shown.account}
                onChange={show}
              />
            )}
            <CloudButton key={shown.account} session={shown} />
          </div>
        </header>
        <main ref={main} tabIndex={-1}>
          <Fence key={`${name} ${shown.account} ${opening}`}>
            <Suspense fallback={null}>
              {isOpen || isBoth ? (
                // Anew for another device, and for one that was opened again.
                <Screen key={isBoth ? 'both' : `${shown.account} ${opening}`} />
              ) : (
                <div className="screen">
                  <GoneCard session={shown} />
                </div>
              )}
            </Suspense>
          </Fence>
        </main>
      </div>
    </div>
  )
}

function Side({ name, onName }: { name: Name; onName: (name: Name) => void }) {
  const { overview: about } = useDevices()
  return (
    <nav className="side" aria-label={text.screens}>
      <p className="brand">
        <img src="/icon.png" alt="" width={28} height={28} />
        {text.name}
      </p>
      <ul>
        {SCREENS.map(({ name: one, icon: Icon }) => (
          <li key={one}>
            <button type="button" className="side-link" aria-current={one === name ? 'page' : undefined} onClick={() => onName(one)}>
              <Icon aria-hidden />
              {TEXT.screens[one]}
              {one === 'activity' && <AlertCount />}
            </button>
          </li>
        ))}
      </ul>
      <div className="side-foot">
        {about.secretIn === 'file' && (
          <p className="secret-warning">
            <TriangleAlert aria-hidden />
            <span>{text.secretInFile}</span>
          </p>
        )}
        <ThemeSwitch />
        <p className="hint">{text.version(about.version)}</p>
      </div>
    </nav>
  )
}

function AlertCount() {
  const { shown } = useDevices()
  const { alerts } = useDevice(shown)
  if (alerts.length === 0) return null
  return (
    <span className="count" aria-label={text.alerts(alerts.length)}>
      {alerts.length}
    </span>
  )
}
