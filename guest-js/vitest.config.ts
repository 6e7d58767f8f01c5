import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

export default defineConfig({
  // The samples of the documents name the package.
  resolve: {
    alias: [
      { find: /^tauri-plugin-wallet-sync-api$/, replacement: source('index.ts') },
      { find: /^tauri-plugin-wallet-sync-api\/react$/, replacement: source('react.ts') },
    ],
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'] },
})
