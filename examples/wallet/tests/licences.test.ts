import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

interface Locked {
  version?: string
  license?: string
  dev?: boolean
  link?: boolean
}

/** Those that `deny.toml` allows for crates, and that of the typeface. */
const ALLOWED = ['Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Apache-2.0 OR MIT', 'MIT OR Apache-2.0', 'OFL-1.1']

it('everything inside the window has a licence that may be passed on', () => {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
  const inside = Object.entries(packages).filter(([path, { dev, link }]) => path.startsWith('node_modules/') && dev !== true && link !== true)
  expect(inside.map(([path]) => path)).toEqual(expect.arrayContaining(['node_modules/@base-ui/react', 'node_modules/chart.js', 'node_modules/react']))
  expect(inside.filter(([, { license }]) => !ALLOWED.includes(license ?? 'none')).map(([path, { license }]) => `${path}: ${license ?? 'none'}`)).toEqual([])
})
