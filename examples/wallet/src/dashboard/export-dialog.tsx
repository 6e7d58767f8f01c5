import { ClipboardCopy, Save } from 'lucide-react'
import { useEffect, useState } from 'react'
import { exportMetrics, type ExportFormat } from 'tauri-plugin-wallet-sync-api'
import { saveMetrics } from '../native'
import { Button } from '../parts/button'
import { Dialog } from '../parts/dialog'
import { Segmented } from '../parts/segmented'
import { useSay } from '../parts/toast'

const FORMATS = [
  { value: 'json', text: 'JSON' },
  { value: 'prometheus', text: 'Prometheus' },
] as const

export function ExportDialog({ account, onClose }: { account: string; onClose: () => void }) {
  const say = useSay()
  const [format, setFormat] = useState<ExportFormat>('json')
  const [text, setText] = useState('')
  useEffect(() => {
    let isGone = false
    exportMetrics(account, format).then(
      (exported) => {
        if (!isGone) setText(format === 'json' ? JSON.stringify(JSON.parse(exported), null, 2) : exported)
      },
      (error: unknown) => say.failed('No export', error),
    )
    return () => {
      isGone = true
    }
  }, [account, format, say])

  return (
    <Dialog title="Export the measurements" onClose={onClose}>
      <div className="form">
        <Segmented label="Format" options={FORMATS} value={format} onChange={setFormat} />
        <textarea className="export" aria-label="Measurements" readOnly value={text} spellCheck={false} />
        <footer className="form-foot">
          <Button
            icon={<ClipboardCopy aria-hidden />}
            onClick={() => {
              navigator.clipboard.writeText(text).then(
                () => say.done('Copied'),
                () => say.failed('Not copied', 'the clipboard is not open to this window'),
              )
            }}
          >
            Copy
          </Button>
          <Button
            look="primary"
            icon={<Save aria-hidden />}
            onClick={() => {
              saveMetrics(account).then(
                (name) => say.done(`Saved as ${name} in the app's data folder`),
                (error: unknown) => say.failed('Not saved', error),
              )
            }}
          >
            Save as JSON
          </Button>
        </footer>
      </div>
    </Dialog>
  )
}
