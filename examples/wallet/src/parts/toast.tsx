/** Lines at the foot of the window: what just went well or wrong. A failure stays until it is dismissed. */

import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { createContext, use, useMemo, type ReactNode } from 'react'
import { WalletSyncError } from 'tauri-plugin-wallet-sync-api'
import { TEXT } from '../text/en'
import { words } from '../text/format'
import { Button } from './button'

interface Say {
  done: (text: string) => void
  failed: (what: string, reason: unknown) => void
}

const Context = createContext<Say>({ done: () => undefined, failed: () => undefined })
const SHOWN_MS = 5000

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={SHOWN_MS} limit={3}>
      <Speaker>{children}</Speaker>
      <Toast.Portal>
        <Toast.Viewport className="toasts" aria-label={TEXT.app.messages}>
          <Lines />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Speaker({ children }: { children: ReactNode }) {
  const { add } = Toast.useToastManager()
  const value = useMemo<Say>(
    () => ({
      done: (text) => void add({ title: text, type: 'good' }),
      failed: (what, reason) => {
        const { code, message } = WalletSyncError.from(reason)
        add({ title: TEXT.app.failed(what, words(code), message), type: 'bad', timeout: 0, priority: 'high' })
      },
    }),
    [add],
  )
  return <Context value={value}>{children}</Context>
}

function Lines() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" data-tone={toast.type}>
      <Toast.Content className="toast-content">
        <Toast.Title render={<p />} />
        <Toast.Close render={<Button look="ghost" size="small" icon={<X aria-hidden />} aria-label={TEXT.app.dismiss} />} />
      </Toast.Content>
    </Toast.Root>
  ))
}

export const useSay = (): Say => use(Context)
