import '@fontsource-variable/inter/index.css'
import './styles/index.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { startTheme } from './theme/theme'

async function start(): Promise<void> {
  if (__MOCK__) {
    // As in the app's window: a library that changes it fails here too.
    Object.freeze(Object.prototype)
    const { install } = await import('./mock/plugin')
    install(location.search)
  }
  startTheme()
  const root = document.getElementById('root')
  if (root === null) throw new Error('the page has no root')
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}

void start()
