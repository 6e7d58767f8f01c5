import { describe, expect, it } from 'vitest'
import { choiceOf, themeOf } from '../src/theme/theme'

describe('dark or light', () => {
  it('follows the system until the user chooses', () => {
    expect(themeOf('system', true)).toBe('dark')
    expect(themeOf('system', false)).toBe('light')
  })

  it('is what the user chose, whatever the system says', () => {
    expect(themeOf('light', true)).toBe('light')
    expect(themeOf('dark', false)).toBe('dark')
  })

  it('takes nothing else than a choice for one', () => {
    expect(choiceOf('dark')).toBe('dark')
    for (const kept of [null, '', 'Dark', '{}']) expect(choiceOf(kept)).toBe('system')
  })
})
