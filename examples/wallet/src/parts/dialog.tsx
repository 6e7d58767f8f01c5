import { X } from 'lucide-react'
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { Button } from './button'

interface Props {
  title: string
  onClose: () => void
  children: ReactNode
  side?: boolean
}

/** A modal dialog; as the browser's own it keeps the focus inside and closes on Escape. */
export function Dialog({ title, onClose, children, side = false }: Props) {
  const id = useId()
  const ref = useRef<HTMLDialogElement>(null)
  // Closed before it leaves the page: focus then goes back to where it was.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      className="dialog"
      data-side={side}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        // On the backdrop: the dialog itself is covered by its body.
        if (event.target === ref.current) onClose()
      }}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={id}>{title}</h2>
          <Button look="ghost" size="small" icon={<X aria-hidden />} aria-label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}
