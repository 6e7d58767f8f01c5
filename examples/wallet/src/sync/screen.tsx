import { Equal, EqualNot, RefreshCw } from 'lucide-react'
import { useMemo } from 'react'
import { useDevice, useDevices } from '../device/devices'
import type { DeviceSession } from '../device/session'
import { Button } from '../parts/button'
import { TEXT } from '../text/en'
import { useInventory } from '../wallet/inventory'
import { compareDevices } from './compare'
import { DevicePanel } from './device-panel'

/** Both devices side by side. */
export function SyncScreen() {
  const { sessions } = useDevices()
  const [first, second] = sessions
  if (first === undefined || second === undefined) return null
  return <Opened first={first} second={second} />
}

/** Listens anew when a device was opened again. */
function Opened({ first, second }: { first: DeviceSession; second: DeviceSession }) {
  const openings = [useDevice(first), useDevice(second)].map(({ opening }) => opening)
  return <Pair key={openings.join(' ')} first={first} second={second} />
}

function Pair({ first, second }: { first: DeviceSession; second: DeviceSession }) {
  const [one, other] = [useInventory(first.account, true), useInventory(second.account, true)]
  const states = [useDevice(first), useDevice(second)] as const
  const areOpen = states.every(({ isOpen }) => isOpen)
  const isBusy = states.some(({ isAsked }) => isAsked)
  const { isSame, onlyFirst, onlySecond, differing } = useMemo(
    () => compareDevices(one.tokens.map(({ row }) => row), other.tokens.map(({ row }) => row)),
    [one.tokens, other.tokens],
  )

  async function both(): Promise<void> {
    const query = { fresh: true, wait: 'verified' } as const
    await Promise.all([first.sync(query), second.sync(query)])
    // What the other has published meanwhile.
    await Promise.all([first.sync({ fresh: true }), second.sync({ fresh: true })])
  }

  return (
    <div className="screen sync">
      <div className="converged" role="status" data-is-same={areOpen && isSame}>
        {areOpen && isSame ? <Equal aria-hidden /> : <EqualNot aria-hidden />}
        <p>
          {!areOpen
            ? TEXT.sync.oneGone
            : isSame
              ? TEXT.sync.same(one.tokens.length)
              : TEXT.sync.differ(onlyFirst, first.label, onlySecond, second.label, differing)}
        </p>
        <Button icon={<RefreshCw aria-hidden />} disabled={isBusy || !areOpen} onClick={() => void both()}>
          {TEXT.sync.both}
        </Button>
      </div>
      <div className="pair">
        <DevicePanel session={first} tokens={one.tokens} />
        <DevicePanel session={second} tokens={other.tokens} />
      </div>
    </div>
  )
}
