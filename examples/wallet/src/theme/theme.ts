/** Dark or light: as the system says unless the user chose. The page's element carries what is shown, and the styles follow it. */

import { useSyncExternalStore } from 'react'

export type Choice = 'system' | 'light' | 'dark'
export type Theme = 'light' | 'dark'

const KEY = 'theme'
const CHOICES: readonly Choice[] = ['system', 'light', 'dark']

/** What is kept; anything else than a choice counts as none. */
export const choiceOf = (kept: string | null): Choice => CHOICES.find((choice) => choice === kept) ?? 'system'

export const themeOf = (choice: Choice, isSystemDark: boolean): Theme => (choice === 'system' ? (isSystemDark ? 'dark' : 'light') : choice)

const system = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)')
const lookers = new Set<() => void>()
let choice: Choice = 'system'

function show(): void {
  document.documentElement.dataset.theme = themeOf(choice, system().matches)
  for (const looker of [...lookers]) looker()
}

/** Shows what was chosen, before anything is drawn. */
export function startTheme(): void {
  choice = choiceOf(localStorage.getItem(KEY))
  system().addEventListener('change', show)
  show()
}

export function choose(next: Choice): void {
  choice = next
  localStorage.setItem(KEY, next)
  show()
}

function look(looker: () => void): () => void {
  lookers.add(looker)
  return () => void lookers.delete(looker)
}

export const useChoice = (): Choice => useSyncExternalStore(look, () => choice)

export const useTheme = (): Theme => useSyncExternalStore(look, () => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light'))
