// Types for `require`: those of the modules, under names that TypeScript takes for CommonJS.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const dist = join(import.meta.dirname, 'dist')
for (const file of readdirSync(dist).filter((name) => name.endsWith('.d.ts'))) {
  const types = readFileSync(join(dist, file), 'utf8')
  writeFileSync(join(dist, file.replace(/ts$/, 'cts')), types.replaceAll(/(from '\.\/[^']+)\.js'/g, "$1.cjs'"))
}
