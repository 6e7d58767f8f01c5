import { useEffect, useState } from 'react'
import { overview, type Illness } from '../native'

/** What is wrong with the embedded nodes now; the app may have been on another screen meanwhile. */
export function useFaults(first: Illness[] | null): {
  illnesses: Illness[] | null
  setIllnesses: (illnesses: Illness[] | null) => void
} {
  const [illnesses, setIllnesses] = useState(first)
  useEffect(() => {
    let isGone = false
    overview().then(
      ({ faults }) => {
        if (!isGone) setIllnesses(faults)
      },
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [])
  return { illnesses, setIllnesses }
}
