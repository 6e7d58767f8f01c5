// What the printed lines of programs count, and what files and dependency trees must not hold.

/** TAP, as Node's test runner and vitest print it. What was skipped or is still to be written has not passed. */
export function tapCounts(lines) {
  // The line after a nested plan is that of a suite, which is no test.
  const tests = lines.filter((line, at) => /^ *(not )?ok \d/.test(line) && !/^ +1\.\.\d+$/.test(lines[at - 1]));
  const passed = tests.filter((line) => /^ *ok /.test(line) && !/ # (SKIP|TODO)/.test(line)).length;
  return { passed, failed: tests.length - passed };
}

const BINARY = /^ +(?:Running (?:unittests )?\S+ \(|Doc-tests \S)/m;
const RESULT = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored; \d+ measured; (\d+) filtered out/m;

/** Lines of `cargo test` that show how far it is. */
export const isProgress = (line) => BINARY.test(line) || RESULT.test(line);

/** What `cargo test` prints: for each binary its tests and results. A test that is left out has not passed. */
export function cargoTestCounts(lines) {
  const counts = { passed: 0, failed: 0 };
  for (const binary of lines.join("\n").split(new RegExp(`(?=${BINARY.source})`, "m")).filter((part) => BINARY.test(part))) {
    const results = [...binary.matchAll(new RegExp(RESULT, "gm"))].map((found) => found.slice(1).map(Number));
    // A binary that ends without a result has died.
    if (results.length === 0) counts.failed += 1;
    // Doc tests come in parts. Else only the last result is the binary's own: an earlier one is that of a child that a test started.
    for (const [passed, failed, ignored, filtered] of /^ +Doc-tests/.test(binary) ? results : results.slice(-1)) {
      counts.passed += passed;
      counts.failed += failed + ignored + filtered;
    }
  }
  return counts;
}

/** One case if `cargo package` has nothing to say; that tests and benches stay here is meant. */
export function packageCounts(lines, ok) {
  const failed = lines.filter((line) => /^(warning|error)(?!: ignoring (benchmark|test) )/.test(line)).length;
  return { passed: ok && failed === 0 ? 1 : 0, failed };
}

/** One case if libFuzzer was guided by coverage, has tried inputs and found nothing. */
export function fuzzCounts(lines, ok) {
  const signs = [/Loaded \d+ modules\s+\([1-9]\d* inline 8-bit counters\)/, /^stat::number_of_executed_units:\s+[1-9]/];
  return { passed: ok && signs.every((sign) => lines.some((line) => sign.test(line))) ? 1 : 0, failed: 0 };
}

/** Complaints about where the packages of a lock file come from. */
export function lockAddresses(path, text) {
  if (!/(^|\/)(Cargo\.lock|package-lock\.json)$/.test(path)) return [];
  const sources = [...new Set(text.match(/^source = .*$/gm))];
  const complaints = /"resolved": "https?:/.test(text) ? [`${path}: holds download addresses`] : [];
  const isMixed = sources.length > 1 || sources.some((source) => !source.startsWith('source = "registry+'));
  return isMixed ? [...complaints, `${path}: crates from more than one registry`] : complaints;
}

/** A path below a folder that exists on one machine only; `someone` is nobody's name. */
const MACHINE_PATH = /["' =(`](\/(?:root|work|usr\/src|(?:home|Users)\/(?!someone\/)\w+)\/[\w.-]*)/;

/** Complaints about paths of one machine. */
export function machinePaths(path, text) {
  const found = text.split("\n").map((line) => MACHINE_PATH.exec(line)?.[1]);
  return found.flatMap((what, at) => (what ? [`${path}:${at + 1}: a path of one machine: ${what}`] : []));
}

/** Crates in the output of `cargo tree --prefix none` that the engine alone must do without. */
export function shellCrates(tree) {
  const found = tree.match(/^(?!tauri-plugin-wallet-sync )(tauri|wry|tao|libp2p)(-\S+)? v\S+/gm);
  return [...new Set(found)].map((crate) => `${crate} is in the tree without features`);
}

const UNWANTED = /^(gzip|brotli|deflate|zstd|default|default-tls|native-tls.*|system-proxy|cookies|charset)$/;

/** Features of the HTTP client, as `--format {p}|{f}` gives them, that would decode, remember or redirect behind our back. */
export function clientFeatures(tree) {
  const clients = [...new Set(tree.match(/^reqwest v[^|\n]*\|[^ \n]*/gm))];
  if (clients.length !== 1) return [`${clients.length} versions of reqwest are in the tree`];
  const unwanted = clients[0].split(/[|,]/).filter((feature) => UNWANTED.test(feature));
  return unwanted.map((feature) => `reqwest is built with ${feature}`);
}
