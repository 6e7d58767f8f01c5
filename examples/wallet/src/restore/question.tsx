import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { CloudDownload, FileUp, Sparkles } from 'lucide-react'
import { useId } from 'react'
import type { BackupFile } from '../native'
import { TEXT } from '../text/en'
import { bytes } from '../text/format'
import type { Way } from './found'

const text = TEXT.restore
const WAYS = [
  { way: 'nodes', title: text.nodes, hint: text.nodesHint, icon: CloudDownload },
  { way: 'file', title: text.file, hint: text.fileHint, icon: FileUp },
  { way: 'fresh', title: text.fresh, hint: text.freshHint, icon: Sparkles },
] as const

interface Props {
  way: Way
  onWay: (way: Way) => void
  /** `null` before they are read. */
  files: readonly BackupFile[] | null
  file: string | null
  onFile: (name: string) => void
}

/** Where the wallet of this device comes from. */
export function Question({ way, onWay, files, file, onFile }: Props) {
  const id = useId()
  const hasFiles = files !== null && files.length > 0
  return (
    <div className="form">
      <p id={id}>{text.ask}</p>
      <RadioGroup className="ways" aria-labelledby={id} value={way} onValueChange={(next) => onWay(next as Way)}>
        {WAYS.map(({ way: one, title, hint, icon: Icon }) => (
          <Radio.Root key={one} value={one} nativeButton render={<button type="button" />} className="way" disabled={one === 'file' && !hasFiles}>
            <Icon aria-hidden />
            <span>
              <strong>{title}</strong>
              <span className="hint">{one === 'file' && !hasFiles ? text.noFile : hint}</span>
            </span>
          </Radio.Root>
        ))}
      </RadioGroup>
      {way === 'file' && hasFiles && (
        <label>
          {text.files}
          <select value={file ?? ''} onChange={(event) => onFile(event.target.value)}>
            {files.map(({ name, bytes: size }) => (
              <option key={name} value={name}>
                {`${name} (${bytes(size)})`}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  )
}
