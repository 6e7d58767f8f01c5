import { defineConfig } from 'rolldown'

const external = [/^@tauri-apps\/api/, 'react']
const name = '__TAURI_PLUGIN_WALLET_SYNC__'

// Sources name each other as the built files do.
const resolve = { extensionAlias: { '.js': ['.ts', '.js'] } }

/** Both entries over one file with what they share: listeners are known once. */
const entries = (format, extension) => ({
  input: { index: 'index.ts', react: 'react.ts' },
  external,
  resolve,
  output: {
    dir: 'dist',
    format,
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `shared.${extension}`,
  },
})

export default defineConfig([
  entries('esm', 'js'),
  entries('cjs', 'cjs'),
  {
    // For applications without a bundler (`withGlobalTauri`): `window.__TAURI__.walletSync`.
    input: 'index.ts',
    resolve,
    output: {
      file: '../api-iife.js',
      format: 'iife',
      name,
      minify: true,
      banner: "if ('__TAURI__' in window) {",
      // Loaded twice, the first stays.
      footer: `if (!('walletSync' in window.__TAURI__)) Object.defineProperty(window.__TAURI__, 'walletSync', { value: ${name} }) }`,
    },
  },
])
