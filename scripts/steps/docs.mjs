import { checked } from "../lib/checked.mjs";
import { everything } from "../lib/cargo-workspace.mjs";

export const docs = {
  name: "docs",
  what: "rustdoc without a warning",
  async run(context) {
    const env = { ...context.env, RUSTDOCFLAGS: `${context.env.RUSTDOCFLAGS ?? ""} -D warnings`.trim() };
    return checked(context, "rustdoc", "cargo", ["doc", ...everything, "--no-deps"], { env });
  },
};
