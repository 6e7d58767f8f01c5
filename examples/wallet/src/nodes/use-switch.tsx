import { setNodeEnabled, type NodeStatus } from 'tauri-plugin-wallet-sync-api'
import { Switch } from '../parts/switch'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'
import { shortId } from '../text/format'

const text = TEXT.nodes

/** Whether a node is in use. */
export function UseSwitch({ account, node, onChange }: { account: string; node: NodeStatus; onChange: () => void }) {
  const say = useSay()
  return (
    <Switch
      label={text.inUse}
      name={text.inUseName(shortId(node.id))}
      isOn={node.enabled}
      onChange={(isOn) => {
        setNodeEnabled(account, node.id, isOn).then(onChange, (error: unknown) => say.failed(text.notChanged, error))
      }}
    />
  )
}
