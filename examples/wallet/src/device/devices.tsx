/** The devices of the wallet, and which one is shown. */

import { createContext, use, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react'
import type { Overview } from '../native'
import { RestoreWizard } from '../restore/wizard'
import { TEXT } from '../text/en'
import { DeviceSession, type DeviceState } from './session'

interface Devices {
  overview: Overview
  sessions: readonly DeviceSession[]
  shown: DeviceSession
  show: (account: string) => void
  /** Asks where the wallet of a device comes from, and brings it. */
  restore: (session: DeviceSession) => void
}

const Context = createContext<Devices | null>(null)

export function DevicesProvider({ overview, children }: { overview: Overview; children: ReactNode }) {
  const sessions = useMemo(
    () => overview.devices.map(({ account, label }) => new DeviceSession(account, label)),
    [overview],
  )
  const [account, show] = useState(sessions[0]?.account)
  useEffect(() => {
    // The wallet shows from disk at once; what the nodes say follows.
    for (const session of sessions) void session.start().then(() => session.sync())
  }, [sessions])
  const [restoring, restore] = useState<DeviceSession | null>(null)
  const shown = sessions.find((session) => session.account === account) ?? sessions[0]
  const devices = useMemo(() => (shown ? { overview, sessions, shown, show, restore } : null), [overview, sessions, shown])
  if (devices === null) return <p role="alert">{TEXT.app.noDevice}</p>
  return (
    <Context value={devices}>
      {children}
      {/* Beside the screens: those begin anew when their device is opened. */}
      {restoring !== null && <RestoreWizard session={restoring} onClose={() => restore(null)} />}
    </Context>
  )
}

export function useDevices(): Devices {
  const devices = use(Context)
  if (devices === null) throw new Error('outside of DevicesProvider')
  return devices
}

export const useDevice = (session: DeviceSession): DeviceState =>
  useSyncExternalStore(session.look, session.snapshot, session.snapshot)

/** The time, told every second: for "12 s ago". */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}
