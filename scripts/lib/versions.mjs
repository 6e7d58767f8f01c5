// Versions as programs print them.

/** The first dotted number in a text as a list of numbers; `null` without one. */
export function parseVersion(text) {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found && found.slice(1).map((part) => Number(part ?? 0));
}

/** Whether a version is at least another one. */
export function isAtLeast(version, wanted) {
  for (const [at, part] of wanted.entries()) {
    if (version[at] !== part) return version[at] > part;
  }
  return true;
}
