/// <reference types="vite/client" />

/** Whether the page runs in a browser, with a plugin made up in memory. */
declare const __MOCK__: boolean
