import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const here = (path: string): string => join(import.meta.dirname, path)

/** A sample of a page: its language, the line it begins at, and the heading that it stands under. */
export interface Sample {
  language: string
  line: number
  heading: string
  text: string
}

/** The samples of a page. */
export function samples(page: string): Sample[] {
  const found: Sample[] = []
  let open: Sample | null = null
  let heading = ''
  for (const [at, line] of readFileSync(here(page), 'utf8').split('\n').entries()) {
    const fence = /^```(\w*)[\w,]*$/.exec(line)
    if (fence === null) {
      if (open !== null) open.text += `${line}\n`
      else if (line.startsWith('## ')) heading = line.slice(3)
    } else if (open === null) {
      open = { language: fence[1] ?? '', line: at + 1, heading, text: '' }
    } else {
      found.push(open)
      open = null
    }
  }
  return found
}

/** The module that a sample is; it runs as it stands. */
export async function run(page: string, heading: string, nth = 0): Promise<Record<string, unknown>> {
  const isCode = ({ language }: Sample) => language === 'ts' || language === 'tsx'
  const sample = samples(page).filter((one) => one.heading === heading && isCode(one))[nth]
  if (sample === undefined) throw new Error(`${page} has no sample under "${heading}"`)
  const folder = here('../.samples-run')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${page.replaceAll(/\W+/g, '-')}-${sample.line}.${sample.language}`)
  writeFileSync(file, sample.text)
  return (await import(/* @vite-ignore */ file)) as Record<string, unknown>
}
