import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, type ParserOptions } from 'vite'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name) && !/^(text|mock)\//.test(name.replaceAll('\\', '/')))

/** Attributes that are read out or shown. */
const SPOKEN = new Set(['title', 'hint', 'label', 'text', 'alt', 'placeholder', 'aria-label', 'aria-description', 'name'])
const hasWord = (text: unknown): boolean => typeof text === 'string' && /\p{L}{2,}/u.test(text)

type Node = { type: string; value?: unknown; name?: { name?: string }; [key: string]: unknown }

/** English in a page's own tree: text between tags, attributes that are shown, and what is given to a message. */
function englishIn(code: string, name: string): string[] {
  const found: string[] = []
  const look = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(look)
    if (typeof node !== 'object' || node === null || typeof (node as Node).type !== 'string') return
    const { type, value, name: named, ...rest } = node as Node
    // Told to programmers, and to style sheets.
    if (type === 'ThrowStatement' || (type === 'JSXAttribute' && named?.name === 'className')) return
    if (type === 'JSXText' && hasWord(value)) found.push(String(value).trim())
    if (type === 'JSXAttribute' && SPOKEN.has(named?.name ?? '')) {
      const literal = value as Node | null
      if (literal?.type === 'Literal') return void (hasWord(literal.value) && found.push(`${named?.name}="${String(literal.value)}"`))
    }
    // A sentence: two words with a blank between them.
    if (type === 'Literal' && typeof value === 'string' && /\p{L}{2,} \p{L}{2,}/u.test(value)) found.push(value)
    if (type === 'TemplateElement' && /\p{L}{2,} \p{L}{2,}/u.test((value as { raw: string }).raw)) found.push((value as { raw: string }).raw)
    for (const inner of [value, named, ...Object.values(rest)]) look(inner)
  }
  const options: ParserOptions = { lang: 'tsx' }
  const { program, errors } = parseSync(name, code, options)
  expect(errors).toEqual([])
  look(program.body)
  return found
}

describe('the words of the window', () => {
  it('are in one file: no page has English of its own', () => {
    expect(files.length).toBeGreaterThan(30)
    const found = files.flatMap((name) => englishIn(readFileSync(join(SRC, name), 'utf8'), name).map((text) => `${name}: ${text}`))
    expect(found.filter((text) => !ALLOWED.has(text))).toEqual([])
  })

  it('are found where they are', () => {
    const page = `export const P = () => <p title="Say it">Hello there<b aria-label={x ? 'two words' : y} data-kind="synced" className="one two" /></p>`
    expect(englishIn(page, 'p.tsx').sort()).toEqual(['Hello there', 'title="Say it"', 'two words'])
  })
})

/** Not for people: the names of fonts. */
const ALLOWED = new Set(['dashboard/chart.tsx: Inter Variable, system-ui, sans-serif'])
