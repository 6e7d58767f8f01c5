// The pinned real Kubo: found or built by tests/kubo/build.sh.

import { capture } from "./run.mjs";

/** Path of its `ipfs`. A cold build takes some minutes; `gentle` lets everything else go first. */
export async function ipfsPath(env, { gentle = false } = {}) {
  const script = "tests/kubo/build.sh";
  const [command, ...args] = gentle ? ["nice", "-n", "10", "bash", script] : ["bash", script];
  return (await capture(command, args, { env })).trim();
}
