import { useCallback, useEffect, useState } from 'react'
import { backupFiles, type BackupFile } from '../native'

/** The backup files in the app's folder; `null` before they are read. */
export function useBackupFiles(): { files: BackupFile[] | null; refresh: () => void } {
  const [files, setFiles] = useState<BackupFile[] | null>(null)
  const [round, setRound] = useState(0)
  useEffect(() => {
    let isGone = false
    backupFiles().then(
      (found) => {
        if (!isGone) setFiles(found)
      },
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [round])
  return { files, refresh: useCallback(() => setRound((last) => last + 1), []) }
}
