import { defineConfig } from 'rolldown'

const external = [/^@tauri-apps\/api/, 'react']
const name = '__TAURI_PLUGIN_WALLET_SYNC__'

// The React entry shares the module state of the main entry: it imports the built file next to it.
const beside = (extension) => ({
  name: 'beside',
  resolveId: (source) => (source === './index.js' ? { id: `./index.${extension}`, external: true } : null),
})

// Sources name each other as the built files do.
const resolve = { extensionAlias: { '.js': ['.ts', '.js'] } }

export default defineConfig([
  { input: 'index.ts', external, resolve, output: { file: 'dist/index.js', format: 'esm' } },
  { input: 'index.ts', external, resolve, output: { file: 'dist/index.cjs', format: 'cjs' } },
  { input: 'react.ts', external, resolve, plugins: [beside('js')], output: { file: 'dist/react.js', format: 'esm' } },
  { input: 'react.ts', external, resolve, plugins: [beside('cjs')], output: { file: 'dist/react.cjs', format: 'cjs' } },
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
      footer: `Object.defineProperty(window.__TAURI__, 'walletSync', { value: ${name} }) }`,
    },
  },
])
