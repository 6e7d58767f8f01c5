import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { samples } from './samples.js'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const pages = ['../../README.md', '../../docs/integration.md', '../README.md', '../../docs/recipes.md']

test('every TypeScript sample of the documents compiles', () => {
  const dir = here('../.samples')
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir)
  let count = 0
  for (const [number, page] of pages.entries()) {
    for (const { language, line, text } of samples(page)) {
      if (language !== 'ts' && language !== 'tsx') continue
      count += 1
      writeFileSync(`${dir}/page-${number}-line-${line}.${language}`, text)
    }
  }
  expect(count).toBeGreaterThanOrEqual(12)
  const paths = {
    'tauri-plugin-wallet-sync-api': ['../index.ts'],
    'tauri-plugin-wallet-sync-api/react': ['../react.ts'],
  }
  const config = { extends: '../tsconfig.json', compilerOptions: { paths }, include: ['*.ts', '*.tsx'] }
  writeFileSync(`${dir}/tsconfig.json`, JSON.stringify(config))
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  try {
    execFileSync(process.execPath, [compiler, '-p', dir], { encoding: 'utf8' })
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout)
  }
}, 60_000)

test('every JSON sample parses, and names permissions that exist', () => {
  const sets = ['default', 'write', 'spend', 'admin'].map((set) => readFileSync(here(`../../permissions/${set}.toml`), 'utf8'))
  const known = new Set(sets.join('').match(/(?<=identifier = ")\w+/g))
  known.add('default')
  for (const page of pages) {
    for (const { language, text } of samples(page)) {
      if (language !== 'json') continue
      const { permissions = [] } = JSON.parse(text) as { permissions?: string[] }
      for (const permission of permissions.filter((name) => name.startsWith('wallet-sync:'))) {
        expect(known).toContain(permission.slice('wallet-sync:'.length))
      }
    }
  }
})

test('the list of error codes in the guide is the list of the types', () => {
  const guide = readFileSync(here('../../docs/integration.md'), 'utf8')
  const [, section = ''] = guide.split('## 6. Errors')
  const documented = [...section.split('## 7.')[0]!.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1])
  const bindings = readFileSync(here('../bindings.ts'), 'utf8')
  const [type = ''] = /export type ErrorCode = [^;]*;/.exec(bindings) ?? []
  const codes = [...type.matchAll(/"(\w+)"/g)].map((code) => code[1])
  expect(documented).toEqual([...codes, 'unavailable', 'aborted'])
  expect(codes.length).toBeGreaterThan(20)
})
