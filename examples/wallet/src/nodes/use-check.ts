import { useState } from 'react'
import { checkNode, type NodeFinding } from 'tauri-plugin-wallet-sync-api'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'

/** Checks of the nodes, one at a time. */
export interface Check {
  /** The node that is being checked. */
  running: string | null
  /** What the last check of a node found; `null` before there was one. */
  of: (node: string) => readonly NodeFinding[] | null
  run: (node: string) => void
}

/** They stay as long as the screen does. */
export function useCheck(account: string): Check {
  const say = useSay()
  const [running, setRunning] = useState<string | null>(null)
  const [found, setFound] = useState<ReadonlyMap<string, readonly NodeFinding[]>>(() => new Map())

  async function run(node: string): Promise<void> {
    if (running !== null) return
    setRunning(node)
    try {
      const findings = await checkNode(account, node)
      setFound((before) => new Map(before).set(node, findings))
    } catch (error) {
      say.failed(TEXT.nodes.notChecked, error)
    }
    setRunning(null)
  }

  return { running, of: (node) => found.get(node) ?? null, run: (node) => void run(node) }
}
