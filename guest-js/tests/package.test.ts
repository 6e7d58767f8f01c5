// @vitest-environment node
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { beforeAll, expect, test } from 'vitest'

const sources = join(import.meta.dirname, '..')
const built = join(sources, '.package/guest-js')
const bin = (name: string, path: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), path)

/** Builds the package as it is published, in a folder of its own. */
beforeAll(() => {
  rmSync(join(sources, '.package'), { recursive: true, force: true })
  mkdirSync(built, { recursive: true })
  for (const file of readdirSync(sources, { withFileTypes: true })) {
    if (file.isFile()) copyFileSync(join(sources, file.name), join(built, file.name))
  }
  for (const args of [
    [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.build.json'],
    [bin('rolldown', 'bin/cli.mjs'), '-c'],
    ['declarations.js'],
  ]) {
    execFileSync(process.execPath, args, { cwd: built, encoding: 'utf8' })
  }
}, 120_000)

test('the types are right for import and for require', async () => {
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json'], { cwd: built, encoding: 'utf8' })
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  const result = await checkPackage(createPackageFromTarballData(readFileSync(join(built, filename))))
  expect(result.types).not.toBe(false)
  expect('problems' in result && result.problems).toEqual([])
}, 120_000)

test('the package is as publishers and bundlers want it', async () => {
  const { messages } = await publint({ pkgDir: built, strict: true })
  expect(messages).toEqual([])
}, 60_000)

test('the script for pages without a bundler is that of these sources', () => {
  const read = (path: string): string => readFileSync(join(sources, path), 'utf8')
  expect(read('.package/api-iife.js')).toBe(read('../api-iife.js'))
})

test('what is imported and what is required know each other’s errors', async () => {
  const imported = (await import(pathToFileURL(join(built, 'dist/index.js')).href)) as typeof import('../index.js')
  const required = createRequire(import.meta.url)(join(built, 'dist/index.cjs')) as typeof import('../index.js')
  expect(Object.keys(required).sort()).toEqual(Object.keys(imported).sort())
  const error = new required.WalletSyncError('closed', 'the account is not open', false)
  expect(error).toBeInstanceOf(imported.WalletSyncError)
})
