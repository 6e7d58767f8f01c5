import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) => ({
  plugins: [react()],
  // In mode `mock` the page runs in a browser, with a plugin made up in memory.
  define: { __MOCK__: JSON.stringify(mode === 'mock') },
  server: { port: 1420, strictPort: true, host: '127.0.0.1' },
  build: {
    target: 'es2022',
    outDir: mode === 'mock' ? 'dist-mock' : 'dist',
    // Nothing inline: the content security policy allows files of the app only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'], testTimeout: 60_000 },
}))
