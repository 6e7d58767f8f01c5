import { Monitor, Moon, Sun } from 'lucide-react'
import { Segmented } from '../parts/segmented'
import { TEXT } from '../text/en'
import { choose, useChoice } from './theme'

const OPTIONS = [
  { value: 'system', text: TEXT.app.themes.system, icon: <Monitor aria-hidden /> },
  { value: 'light', text: TEXT.app.themes.light, icon: <Sun aria-hidden /> },
  { value: 'dark', text: TEXT.app.themes.dark, icon: <Moon aria-hidden /> },
] as const

export function ThemeSwitch() {
  return <Segmented label={TEXT.app.theme} options={OPTIONS} value={useChoice()} onChange={choose} />
}
