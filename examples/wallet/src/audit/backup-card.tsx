import { FileArchive, FileDown, FileUp } from 'lucide-react'
import { useState } from 'react'
import { exportBackup, type BackupReport } from 'tauri-plugin-wallet-sync-api'
import type { DeviceSession } from '../device/session'
import { importBackup } from '../native'
import { Button } from '../parts/button'
import { Card } from '../parts/card'
import { Empty } from '../parts/empty'
import { Notice } from '../parts/notice'
import { Waiting } from '../parts/waiting'
import { useSay } from '../parts/toast'
import { useBackupFiles } from '../restore/use-backup-files'
import { TEXT } from '../text/en'
import { bytes } from '../text/format'

const text = TEXT.audit

interface Work {
  what: string
  share: number | null
}

/** The wallet in one file, beside the nodes. */
export function BackupCard({ session }: { session: DeviceSession }) {
  const say = useSay()
  const { files, refresh } = useBackupFiles()
  const [work, setWork] = useState<Work | null>(null)
  const [written, setWritten] = useState<BackupReport | null>(null)

  async function run(what: string, failed: string, act: (tell: (done: number, total: number) => void) => Promise<void>): Promise<void> {
    setWork({ what, share: null })
    try {
      await act((done, total) => setWork({ what, share: total === 0 ? null : Math.min(done / total, 1) }))
    } catch (error) {
      say.failed(failed, error)
    }
    setWork(null)
    refresh()
  }

  const write = (): Promise<void> =>
    run(text.writing, text.notWritten, async (tell) => {
      setWritten(await exportBackup(session.account, { onProgress: ({ done, total }) => tell(done, total) }))
    })

  const bring = (file: string): Promise<void> =>
    run(TEXT.restore.working.file, text.notBrought, async (tell) => {
      const { added, unchanged } = await importBackup(session.account, file, tell)
      say.done(TEXT.restore.imported(added, unchanged))
    })

  return (
    <Card
      className="backup"
      title={text.backup}
      hint={text.backupHint}
      actions={
        <Button icon={<FileDown aria-hidden />} disabled={work !== null} onClick={() => void write()}>
          {text.write}
        </Button>
      }
    >
      {work !== null && (
        <Waiting label={work.what} share={work.share}>
          {work.what}
        </Waiting>
      )}
      {written !== null && (
        <p className="backup-written" role="status">
          {text.written(written.file, written.tokens, written.entries, bytes(written.bytes))}
        </p>
      )}
      {written !== null && written.missing > 0 && <Notice tone="warn">{text.left(written.missing)}</Notice>}
      {files?.length === 0 && (
        <Empty icon={<FileArchive aria-hidden />} title={text.noFiles}>
          {text.folder}
        </Empty>
      )}
      {files !== null && files.length > 0 && (
        <>
          <p className="hint">{text.folder}</p>
          <ul className="file-list" aria-label={text.fileList}>
            {files.map(({ name, bytes: size }) => (
              <li key={name} data-file={name}>
                <FileArchive aria-hidden />
                <span className="file-name">{name}</span>
                <span className="hint">{bytes(size)}</span>
                <Button size="small" icon={<FileUp aria-hidden />} aria-label={text.bringName(name)} disabled={work !== null} onClick={() => void bring(name)}>
                  {text.bring}
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}
