/** The devices of the wallet, and which one is shown. */

import { createContext, use, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react'
import type { Overview } from '../native'
import { DeviceSession, type DeviceState } from './session'

interface Devices {
  overview: Overview
  sessions: readonly DeviceSession[]
  shown: DeviceSession
  show: (account: string) => void
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
  const shown = sessions.find((session) => session.account === account) ?? sessions[0]
  const devices = useMemo(() => (shown ? { overview, sessions, shown, show } : null), [overview, sessions, shown])
  if (devices === null) return <p role="alert">The app has no device.</p>
  return <Context value={devices}>{children}</Context>
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
