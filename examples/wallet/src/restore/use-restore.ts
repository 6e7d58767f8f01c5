import { useState } from 'react'
import { devices, listEntries, WalletSyncError } from 'tauri-plugin-wallet-sync-api'
import { useDevice } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { importBackup, reopenDevice } from '../native'
import { TEXT } from '../text/en'
import { foundOf, type Found, type Way } from './found'

export type Stage = 0 | 1 | 2

/** As long as bytes flow, a restore may take its time; this is when the window stops waiting for it. */
const PATIENCE_MS = 120_000

/** What is counted beside the tokens. */
export interface Counts {
  devices: number
  settings: number
}

/** A restore of one device: from the question to what was found. */
export function useRestore(session: DeviceSession) {
  const device = useDevice(session)
  const [stage, setStage] = useState<Stage>(0)
  const [way, setWay] = useState<Way>('nodes')
  const [read, setRead] = useState<{ done: number; total: number } | null>(null)
  const [found, setFound] = useState<Found | null>(null)
  const [counts, setCounts] = useState<Counts | null>(null)

  async function go(file: string | null): Promise<void> {
    setStage(1)
    setRead(null)
    try {
      setFound(way === 'file' && file !== null ? await fromFile(file) : await fromNodes())
      setCounts(await countOf(session.account))
    } catch (error) {
      const { message } = WalletSyncError.from(error)
      setFound({ tone: 'bad', title: TEXT.restore.failed, notes: [message] })
    }
    setStage(2)
  }

  async function fromNodes(): Promise<Found> {
    if (!device.isOpen) {
      await reopenDevice(session.account)
      await session.start()
    }
    const report = await session.syncNext({ fresh: true, deadlineMs: PATIENCE_MS })
    const { failure, status } = session.snapshot()
    return foundOf(way, report, failure, status)
  }

  async function fromFile(file: string): Promise<Found> {
    const wasOpen = device.isOpen
    const tell = (done: number, total: number): void => setRead({ done, total })
    // Opened for the file, whatever became of it.
    const brought = importBackup(session.account, file, tell).finally(() => (wasOpen ? undefined : session.start()))
    const { added, unchanged, missing } = await brought
    // What was spent since, and to the nodes with the rest: not waited for, since there may be none.
    void session.sync({ fresh: true })
    const notes = [TEXT.restore.spentLater, ...(missing > 0 ? [TEXT.restore.missing(missing)] : [])]
    return { tone: 'good', title: TEXT.restore.imported(added, unchanged), notes }
  }

  return { device, stage, way, setWay, read, found, counts, go: (file: string | null) => void go(file), back: () => setStage(0) }
}

async function countOf(account: string): Promise<Counts> {
  const [known, page] = await Promise.all([devices(account), listEntries(account, { limit: 1000 })])
  return { devices: known.length, settings: page.entries.length }
}
