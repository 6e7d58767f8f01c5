import { useState } from 'react'
import type { DeviceSession } from '../device/session'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { Waiting } from '../parts/waiting'
import { StepList } from '../sync/step-list'
import { TEXT } from '../text/en'
import { bytes } from '../text/format'
import { FoundPage } from './found-page'
import { Question } from './question'
import { useBackupFiles } from './use-backup-files'
import { useRestore } from './use-restore'

const text = TEXT.restore

/** Restore or new? One question, how far it is, and what was found. */
export function RestoreWizard({ session, onClose }: { session: DeviceSession; onClose: () => void }) {
  const { device, stage, way, setWay, read, found, counts, go, back } = useRestore(session)
  const { files } = useBackupFiles()
  const [chosen, setChosen] = useState<string | null>(null)
  const file = chosen ?? files?.[0]?.name ?? null
  return (
    <Dialog title={text.title(session.label)} onClose={onClose} look="wide">
      <ol className="stages">
        {text.stages.map((name, at) => (
          <li key={name} aria-current={at === stage ? 'step' : undefined} data-state={at < stage ? 'done' : at === stage ? 'active' : 'waiting'}>
            {name}
          </li>
        ))}
      </ol>
      {stage === 0 && (
        <>
          <Question way={way} onWay={setWay} files={files} file={file} onFile={setChosen} />
          <footer className="form-foot">
            <Button onClick={onClose}>{TEXT.app.cancel}</Button>
            <Button look="primary" disabled={way === 'file' && file === null} onClick={() => go(file)}>
              {text.go}
            </Button>
          </footer>
        </>
      )}
      {stage === 1 && (
        <div className="wizard-work">
          {way === 'file' ? (
            <Waiting label={text.progress} share={read === null || read.total === 0 ? null : Math.min(read.done / read.total, 1)}>
              {text.working[way]}
              {read !== null && read.total > 0 && `: ${text.read(bytes(read.done), bytes(read.total))}`}
            </Waiting>
          ) : (
            <>
              <Waiting label={text.progress}>{text.working[way]}</Waiting>
              <StepList steps={device.steps} />
            </>
          )}
        </div>
      )}
      {stage === 2 && found !== null && (
        <>
          <FoundPage found={found} device={device} counts={counts} />
          <footer className="form-foot">
            <Button onClick={back}>{found.tone === 'good' ? text.back : text.again}</Button>
            <Button look="primary" onClick={onClose}>
              {text.done}
            </Button>
          </footer>
        </>
      )}
    </Dialog>
  )
}
