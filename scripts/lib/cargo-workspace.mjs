// What cargo is asked to test and lint: every crate, and the plugin's tests over a mock runtime with it.

const own = ["specta", "test-ipc"].map((feature) => `tauri-plugin-wallet-sync/${feature}`);

/** Arguments that select it. */
export const everything = ["--locked", "--workspace", "--features", own.join(",")];
