import { useRef, useState } from 'react'
import { audit, rehearse, type AuditProgress, type AuditReport, type Rehearsal } from 'tauri-plugin-wallet-sync-api'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'
import { keepRehearsal, lastRehearsal, type Rehearsed } from './proof'

/** What is under way, and how far it is. */
export interface UnderWay {
  what: 'audit' | 'repair' | 'rehearsal'
  progress: AuditProgress | null
}

/** Audits and rehearsals of one account: one at a time. */
export function useProof(account: string) {
  const say = useSay()
  const [underWay, setUnderWay] = useState<UnderWay | null>(null)
  const [report, setReport] = useState<AuditReport | null>(null)
  const [rehearsed, setRehearsed] = useState<Rehearsed | null>(() => lastRehearsal(account, localStorage))
  const [rehearsal, setRehearsal] = useState<Rehearsal | null>(null)
  const isBusy = useRef(false)

  async function run<T>(what: UnderWay['what'], failed: string, work: (tell: (progress: AuditProgress) => void) => Promise<T>): Promise<T | null> {
    if (isBusy.current) return null
    isBusy.current = true
    setUnderWay({ what, progress: null })
    try {
      return await work((progress) => setUnderWay((now) => now && { ...now, progress }))
    } catch (error) {
      say.failed(failed, error)
      return null
    } finally {
      isBusy.current = false
      setUnderWay(null)
    }
  }

  async function look(repair: boolean, all: boolean): Promise<void> {
    const found = await run(repair ? 'repair' : 'audit', TEXT.audit.notAudited, (tell) => audit(account, { repair, all, onProgress: tell }))
    if (found !== null) setReport(found)
  }

  async function restore(): Promise<void> {
    const found = await run('rehearsal', TEXT.audit.notRehearsed, (tell) => rehearse(account, { onProgress: tell }))
    if (found === null) return
    setRehearsal(found)
    setRehearsed(found)
    keepRehearsal(account, found, localStorage)
  }

  return {
    underWay,
    report,
    rehearsed,
    rehearsal,
    audit: (all: boolean) => void look(false, all),
    repair: (all: boolean) => void look(true, all),
    rehearse: () => void restore(),
  }
}
