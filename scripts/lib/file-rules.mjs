// What no file of the project may hold: where a package was downloaded from, and paths of one machine.

const LOCK_FILES = new Set(["Cargo.lock", "package-lock.json"]);

/** Complaints about a lock file. */
export function lockAddresses(path, text) {
  if (!LOCK_FILES.has(path.split("/").at(-1))) return [];
  const complaints = [];
  if (/"resolved": "https?:/.test(text)) complaints.push(`${path}: holds download addresses`);
  const sources = new Set([...text.matchAll(/^source = "([^"]+)"$/gm)].map((found) => found[1]));
  const foreign = [...sources].filter((source) => !source.startsWith("registry+"));
  if (foreign.length > 0 || sources.size > 1) complaints.push(`${path}: crates from more than one registry`);
  return complaints;
}

/** A path below a folder that exists on one machine only; `someone` is nobody's name. */
const MACHINE_PATH = /["' =(`](\/(?:root|work|usr\/src|(?:home|Users)\/(?!someone\/)\w+)\/[\w.-]*)/;

/** Complaints about paths of one machine. */
export function machinePaths(path, text) {
  return text.split("\n").flatMap((line, at) => {
    const found = MACHINE_PATH.exec(line);
    return found ? [`${path}:${at + 1}: a path of one machine: ${found[1]}`] : [];
  });
}
