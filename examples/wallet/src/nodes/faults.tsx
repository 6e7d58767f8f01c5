import { setFault, type Fault, type Illness } from '../native'
import { Switch } from '../parts/switch'
import { useSay } from '../parts/toast'
import { TEXT } from '../text/en'

const text = TEXT.nodes
export const FAULTS: readonly Fault[] = ['kill', 'hang', 'slow', 'stale', 'forge']

interface Props {
  node: string
  title: string
  faults: readonly Fault[]
  onFaults: (illnesses: Illness[] | null) => void
}

/** What is wrong with an embedded node, at will. */
export function FaultSwitches({ node, title, faults, onFaults }: Props) {
  const say = useSay()
  return FAULTS.map((fault) => (
    <Switch
      key={fault}
      label={text.faults[fault]}
      name={text.faultName(text.faults[fault], title)}
      tone="bad"
      isOn={faults.includes(fault)}
      onChange={(isOn) => {
        setFault(node, fault, isOn).then(onFaults, (error: unknown) => say.failed(text.notChanged, error))
      }}
    />
  ))
}
