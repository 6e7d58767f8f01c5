import { ipfsPath } from "../lib/kubo.mjs";
import { capture } from "../lib/run.mjs";

// Found or built beside the first steps: a cold build takes minutes, and compilers leave one core idle now and then.
let finding;

export const kubo = {
  name: "kubo",
  what: "a real Kubo 0.43 for the tests that need one",
  begin(context) {
    finding = ipfsPath(context.env, { gentle: true });
    // Told when the step runs; until then nobody listens.
    finding.catch(() => {});
  },
  async run(context) {
    try {
      context.env.IPFS_BIN = await finding;
    } catch (error) {
      // So that each test that needs one fails at once instead of building again.
      context.env.IPFS_BIN = "kubo-is-missing";
      throw error;
    }
    context.say(`ipfs ${(await capture(context.env.IPFS_BIN, ["version", "--number"])).trim()}`);
    return { passed: 1, failed: 0 };
  },
};
