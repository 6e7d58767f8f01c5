import { ClipboardCopy, Save } from 'lucide-react'
import { useEffect, useState } from 'react'
import { exportMetrics, type ExportFormat } from 'tauri-plugin-wallet-sync-api'
import { saveMetrics } from '../native'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { Segmented } from '../parts/segmented'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'

const text = TEXT.dashboard
const FORMATS = (['json', 'prometheus'] as const).map((value) => ({ value, text: text.formats[value] }))

export function ExportDialog({ account, onClose }: { account: string; onClose: () => void }) {
  const say = useSay()
  const [format, setFormat] = useState<ExportFormat>('json')
  const [exported, setExported] = useState('')
  useEffect(() => {
    let isGone = false
    exportMetrics(account, format).then(
      (told) => {
        if (!isGone) setExported(format === 'json' ? JSON.stringify(JSON.parse(told), null, 2) : told)
      },
      (error: unknown) => say.failed(text.noExport, error),
    )
    return () => {
      isGone = true
    }
  }, [account, format, say])

  return (
    <Dialog title={text.exportTitle} onClose={onClose} look="wide">
      <div className="form">
        <Segmented label={text.format} options={FORMATS} value={format} onChange={setFormat} />
        <textarea className="export" aria-label={text.exportText} readOnly value={exported} spellCheck={false} />
        <footer className="form-foot">
          <Button
            icon={<ClipboardCopy aria-hidden />}
            onClick={() => {
              navigator.clipboard.writeText(exported).then(
                () => say.done(text.copied),
                () => say.failed(text.notCopied, text.noClipboard),
              )
            }}
          >
            {text.copy}
          </Button>
          <Button
            look="primary"
            icon={<Save aria-hidden />}
            onClick={() => {
              saveMetrics(account).then(
                (name) => say.done(text.saved(name)),
                (error: unknown) => say.failed(text.notSaved, error),
              )
            }}
          >
            {text.save}
          </Button>
        </footer>
      </div>
    </Dialog>
  )
}
