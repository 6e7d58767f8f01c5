// What axe-core finds wrong on a page for those who do not see it or use no mouse.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What breaks a rule of WCAG 2.2 AA or good practice, one line each. Contrast is measured by `contrast.mjs`, which sees through layers. */
export async function unfriendly(page) {
  // Run as the driver's own script: the page's policy lets no other in.
  await page.script(`() => { if (window.axe === undefined) { ${source} } }`);
  return page.promise(async () => {
    const rules = { "color-contrast": { enabled: false } };
    const { violations } = await window.axe.run(document, { rules });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
  });
}
