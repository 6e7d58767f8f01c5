// The steps of a test run, in order: quick ones first, so that a slip is told early; Kubo is built in the background until
// its turn comes, and nothing runs beside the tests, some of which measure time.

import { build } from "./build.mjs";
import { cleanTree } from "./clean-tree.mjs";
import { dependencies } from "./dependencies.mjs";
import { deny } from "./deny.mjs";
import { docs } from "./docs.mjs";
import { files } from "./files.mjs";
import { format } from "./format.mjs";
import { fuzz } from "./fuzz.mjs";
import { kubo } from "./kubo.mjs";
import { lints } from "./lints.mjs";
import { packaging } from "./package.mjs";
import { rust } from "./rust.mjs";
import { scripts } from "./scripts.mjs";
import { tools } from "./tools.mjs";
import { web } from "./web.mjs";
import { mayInstall, windows } from "../windows.mjs";
import { window } from "./window.mjs";

export const steps = [
  tools,
  format,
  files,
  scripts,
  web,
  dependencies,
  packaging,
  lints,
  docs,
  deny,
  build,
  kubo,
  rust,
  window,
  // Elsewhere only `npm run test:windows` asks for mingw and wine.
  ...(mayInstall ? [windows] : []),
  fuzz,
  cleanTree,
];
