import { useRef, useState } from 'react'
import { checkNode, type NodeFinding } from 'tauri-plugin-wallet-sync-api'
import { useSay } from '../parts/toast'

interface Shown {
  account: string
  node: string
  findings: NodeFinding[] | null
}

/** The check that is shown: one at a time, of the account that is shown. */
export function useCheck(account: string) {
  const say = useSay()
  const [shown, setShown] = useState<Shown | null>(null)
  const last = useRef(0)

  async function check(node: string): Promise<void> {
    const number = ++last.current
    setShown({ account, node, findings: null })
    try {
      const findings = await checkNode(account, node)
      if (number === last.current) setShown({ account, node, findings })
    } catch (error) {
      if (number === last.current) setShown(null)
      say.failed('Not checked', error)
    }
  }

  function close(): void {
    last.current += 1
    setShown(null)
  }

  const current = shown?.account === account ? shown : null
  return { shown: current, isRunning: shown !== null && shown.findings === null, check: (node: string) => void check(node), close }
}
