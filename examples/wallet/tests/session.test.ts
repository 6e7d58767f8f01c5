import { clearMocks } from '@tauri-apps/api/mocks'
import { afterEach, describe, expect, it } from 'vitest'
import { DeviceSession } from '../src/device/session'
import { install } from '../src/mock/plugin'

afterEach(clearMocks)

describe('a device that is asked to sync while it does', () => {
  it('does not begin a second one, or gives one of its own once the first has ended', async () => {
    install('')
    const session = new DeviceSession('device-a', 'Device A')
    await session.start()
    const first = session.sync()
    const [second, own] = [session.sync(), session.syncNext({ fresh: true })]
    expect(await second).toBeNull()
    expect(await first).not.toBeNull()
    expect(session.snapshot().isAsked).toBe(true)
    expect(await own).not.toBeNull()
    expect(session.snapshot().isAsked).toBe(false)
  })
})
