/** One line at the foot of the window: what just went well or wrong. */

import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { WalletSyncError } from 'tauri-plugin-wallet-sync-api'
import { words } from '../text/format'

interface Message {
  id: number
  text: string
  tone: 'good' | 'bad'
}

interface Say {
  done: (text: string) => void
  failed: (what: string, reason: unknown) => void
}

const Context = createContext<Say>({ done: () => undefined, failed: () => undefined })
const SHOWN_MS = 5000

export function ToastProvider({ children }: { children: ReactNode }) {
  const [message, setMessage] = useState<Message | null>(null)
  const say = useCallback((text: string, tone: 'good' | 'bad') => {
    setMessage((last) => ({ id: (last?.id ?? 0) + 1, text, tone }))
  }, [])
  useEffect(() => {
    if (message === null) return
    const timer = setTimeout(() => setMessage(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [message])
  const value = useMemo<Say>(
    () => ({
      done: (text) => say(text, 'good'),
      failed: (what, reason) => {
        const { code, message: why } = WalletSyncError.from(reason)
        say(`${what}: ${words(code)}, ${why}`, 'bad')
      },
    }),
    [say],
  )
  return (
    <Context value={value}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {message !== null && (
          <p key={message.id} className="toast" data-tone={message.tone}>
            {message.text}
          </p>
        )}
      </div>
    </Context>
  )
}

export const useSay = (): Say => use(Context)
