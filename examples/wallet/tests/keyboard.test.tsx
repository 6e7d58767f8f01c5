import { clearMocks } from '@tauri-apps/api/mocks'
import { cleanup, configure, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { App } from '../src/app'
import { install } from '../src/mock/plugin'
import { TEXT } from '../src/text/en'
import { startTheme } from '../src/theme/theme'

// A wait ends with what it waits for, on a busy machine too.
configure({ asyncUtilTimeout: 20_000 })

// There is no canvas here: charts are looked at in the app's window.
let isChartBroken = false
vi.mock('../src/dashboard/chart', () => ({
  ChartBox: ({ title }: { title: string }) => {
    if (isChartBroken) throw new Error('no canvas')
    return <figure aria-label={title} />
  },
}))

afterEach(() => {
  vi.restoreAllMocks()
  isChartBroken = false
  cleanup()
  clearMocks()
  localStorage.clear()
})

const NAMES = Object.values(TEXT.screens)

/** The wallet's window on a made-up plugin, open on its home. */
async function open(state = '') {
  install(`?state=${state}`)
  startTheme()
  render(<App />)
  await screen.findByRole('navigation')
  return userEvent.setup()
}

const go = async (user: Awaited<ReturnType<typeof open>>, name: string): Promise<void> => {
  await user.click(within(screen.getByRole('navigation')).getByRole('button', { name: new RegExp(`^${name}`) }))
  await screen.findByRole('heading', { level: 1, name })
}

const focused = (): string => {
  const at = document.activeElement
  return at?.getAttribute('aria-label') ?? at?.textContent ?? ''
}

describe('the keyboard alone', () => {
  it('comes past the navigation with one key, and a choice is one stop', async () => {
    const user = await open()
    await user.tab()
    expect(focused()).toBe(TEXT.app.skip)
    const stops: string[] = []
    for (let at = 0; at < NAMES.length + 3; at += 1) {
      await user.tab()
      stops.push(focused())
    }
    expect(stops.slice(0, NAMES.length)).toEqual(NAMES)
    expect(stops.slice(NAMES.length)).toEqual([TEXT.app.themes.system, 'Device A', expect.stringContaining('Backup: ')])
  })

  it('skips to the content', async () => {
    const user = await open()
    await user.tab()
    await user.keyboard('{Enter}')
    expect(document.activeElement).toBe(screen.getByRole('main'))
  })

  it('opens every screen', async () => {
    const user = await open()
    for (const name of NAMES) {
      const entry = within(screen.getByRole('navigation')).getByRole('button', { name: new RegExp(`^${name}`) })
      entry.focus()
      await user.keyboard('{Enter}')
      await screen.findByRole('heading', { level: 1, name })
      expect(entry.getAttribute('aria-current')).toBe('page')
      expect(document.title).toContain(name)
    }
  })

  it('chooses with the arrows, colours too', async () => {
    const user = await open()
    screen.getByRole('radio', { name: TEXT.app.themes.system }).focus()
    await user.keyboard('{ArrowRight}{ArrowRight}')
    await waitFor(() => expect(document.documentElement.dataset.theme).toBe('dark'))
    expect(screen.getByRole('radio', { name: TEXT.app.themes.dark }).getAttribute('aria-checked')).toBe('true')
    expect(localStorage.getItem('theme')).toBe('dark')
  })

  it('stays inside a dialog, leaves it with Escape, and is back where it was', async () => {
    const user = await open()
    const add = await screen.findByRole('button', { name: TEXT.home.add })
    add.focus()
    await user.keyboard('{Enter}')
    const dialog = await screen.findByRole('dialog', { name: TEXT.add.title })
    await waitFor(() => expect(dialog.contains(document.activeElement)).toBe(true))
    for (let at = 0; at < 12; at += 1) {
      await user.tab()
      expect(dialog.contains(document.activeElement) || document.activeElement?.hasAttribute('data-base-ui-focus-guard')).toBe(true)
    }
    await user.keyboard('{Escape}')
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    await waitFor(() => expect(document.activeElement).toBe(add))
  })

  it('turns a switch with the space key', async () => {
    const user = await open()
    await go(user, TEXT.screens.nodes)
    const inUse = await screen.findByRole('switch', { name: 'node-2 in use' })
    inUse.focus()
    await user.keyboard(' ')
    await waitFor(() => expect(screen.getByRole('switch', { name: 'node-2 in use' }).getAttribute('aria-checked')).toBe('false'))
  })

  it('goes to the page of a node and back to where it was', async () => {
    const user = await open()
    await go(user, TEXT.screens.nodes)
    ;(await screen.findByRole('button', { name: 'Details of node-3' })).focus()
    await user.keyboard('{Enter}')
    const back = await screen.findByRole('button', { name: TEXT.nodes.back })
    expect(document.activeElement).toBe(back)
    await user.keyboard('{Enter}')
    await waitFor(() => expect(focused()).toBe('Details of node-3'))
  })

  it('answers the question of a restore', async () => {
    const user = await open('gone')
    const begin = await screen.findByRole('button', { name: `Device A: ${TEXT.restore.begin}` })
    begin.focus()
    await user.keyboard('{Enter}')
    const dialog = await screen.findByRole('dialog', { name: TEXT.restore.title('Device A') })
    within(dialog).getByRole('radio', { name: new RegExp(TEXT.restore.nodes) }).focus()
    await waitFor(() => expect(within(dialog).getByRole('radio', { name: new RegExp(TEXT.restore.file) }).getAttribute('aria-disabled')).not.toBe('true'))
    await user.keyboard('{ArrowDown}')
    await within(dialog).findByRole('combobox', { name: TEXT.restore.files })
    within(dialog).getByRole('button', { name: TEXT.restore.go }).focus()
    await user.keyboard('{Enter}')
    await within(dialog).findByText(/new from the file/)
  })
})

/** Controls and regions that a screen reader can call nothing. */
function nameless(): string[] {
  const roles = ['button', 'switch', 'radio', 'radiogroup', 'textbox', 'searchbox', 'listbox', 'region', 'dialog', 'progressbar', 'log']
  return roles.flatMap((role) => {
    const named = screen.queryAllByRole(role, { name: /\S/ })
    return screen.queryAllByRole(role).filter((one) => !named.includes(one)).map((one) => one.outerHTML.slice(0, 200))
  })
}

describe('a screen reader', () => {
  it.each(NAMES)('finds on "%s" its landmarks, one title, headings in order, and a name for each control', async (name) => {
    const user = await open()
    await go(user, name)
    await waitFor(() => expect(screen.getByRole('main').textContent).not.toBe(''))
    for (const landmark of ['navigation', 'main']) expect(screen.getAllByRole(landmark)).toHaveLength(1)
    const levels = screen.getAllByRole('heading').map((heading) => Number(heading.tagName.slice(1)))
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    expect(levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1)).toEqual([])
    expect(nameless()).toEqual([])
  })

  it('hears of a screen that fails, and the rest of the window goes on', async () => {
    isChartBroken = true
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const user = await open()
    await go(user, TEXT.screens.dashboard)
    expect((await screen.findByRole('alert')).textContent).toContain('no canvas')
    await go(user, TEXT.screens.nodes)
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('hears of what went wrong at once, of the rest when there is time', async () => {
    await open('error')
    expect((await screen.findByRole('alert')).textContent).toContain('the disk is full')
    cleanup()
    clearMocks()
    await open('offline')
    await waitFor(() => expect(screen.getAllByRole('status').some(({ textContent }) => textContent?.includes('No node answers'))).toBe(true))
  })
})
