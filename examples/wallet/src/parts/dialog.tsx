import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { TEXT } from '../text/en'
import { Button } from './button'

interface Props {
  title: string
  onClose: () => void
  children: ReactNode
  look?: 'plain' | 'side' | 'wide'
}

/** A modal dialog: it keeps the focus inside, closes on Escape, and gives the focus back to where it was. */
export function Dialog({ title, onClose, children, look = 'plain' }: Props) {
  useFocusBack()
  return (
    <Base.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup className="dialog" data-look={look}>
          <header className="dialog-head">
            <Base.Title>{title}</Base.Title>
            <Base.Close render={<Button look="ghost" size="small" icon={<X aria-hidden />} aria-label={TEXT.app.close} />} />
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

/** A dialog that leaves the page takes the focus with it: it goes back to where it was before. */
function useFocusBack(): void {
  const [before] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      queueMicrotask(() => {
        const isLost = document.activeElement === null || document.activeElement === document.body
        if (isLost && before instanceof HTMLElement && before.isConnected) before.focus()
      })
    },
    [before],
  )
}
