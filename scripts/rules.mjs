// What the printed lines of programs count, and what no file may hold.

import { say } from "./run.mjs";

/** TAP, as Node's test runner and vitest print it. What was skipped or is still to be written has not passed. */
export function tapCounts(lines) {
  // The line after a nested plan is that of a suite, which is no test.
  const tests = lines.filter((line, at) => /^ *(not )?ok \d/.test(line) && !/^ +1\.\.\d+$/.test(lines[at - 1]));
  const passed = tests.filter((line) => /^ *ok /.test(line) && !/ # (SKIP|TODO)/.test(line)).length;
  return { passed, failed: tests.length - passed };
}

/** The names of tests that failed in TAP, each with its error where one is told. */
export function tapNames(lines) {
  return lines.flatMap((line, at) => {
    const [, name] = /^ *not ok \d+ - (.*)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const more = lines.slice(at + 1, at + 20);
    const error = more.slice(0, more.findIndex((one) => /^ *(\.\.\.|(not )?ok )/.test(one))).find((one) => /^ *error: /.test(one));
    return [error ? `${name}: ${error.trim().slice(0, 200)}` : name];
  });
}

const BINARY = /^ +(?:Running (?:unittests )?\S+ \(|Doc-tests \S)/m;
const RESULT = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored; \d+ measured; (\d+) filtered out/m;

/** Says how far `cargo test` is. */
export const sayProgress = (line) => (BINARY.test(line) || RESULT.test(line)) && say(line.trim());

/** The names of tests that failed, and those of a binary without a result that were at work for a minute or more. */
export function cargoTestNames(lines) {
  const text = lines.join("\n");
  const binaries = text.split(new RegExp(`(?=${BINARY.source})`, "m")).filter((part) => BINARY.test(part) && !RESULT.test(part));
  const silent = binaries.flatMap((part) => {
    const ended = new Set([...part.matchAll(/^test (\S+).* \.\.\. (?:ok|FAILED)$/gm)].map(([, test]) => test));
    const late = [...part.matchAll(/^test (\S+) has been running for over/gm)].map(([, test]) => test).filter((test) => !ended.has(test));
    return [`${part.split("\n")[0].trim()} has no result`, ...late.map((test) => `${test} did not end`)];
  });
  return [...new Set([...text.matchAll(/^test (\S+).* \.\.\. FAILED$/gm)].map(([, test]) => test)), ...silent];
}

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

/** In a lock file: where a package is downloaded from, or a crate that is not from crates.io. */
export const ADDRESS = '"resolved": "https?:|^source = "(?!registry\\+https://github.com/rust-lang/crates.io-index")';
/** A path below a folder that exists on one machine only; `someone` is nobody's name. */
export const MACHINE_PATH = "[\"' =(`]/(root|work|usr/src|(home|Users)/(?!someone/)\\w+)/[\\w.-]*";

const SHELL = /^(?!tauri-plugin-wallet-sync )(tauri|wry|tao|libp2p)(-\S+)? v\S+/gm;
const UNWANTED = /^(gzip|brotli|deflate|zstd|default|default-tls|native-tls.*|system-proxy|cookies|charset)$/;

/** One case if what `cargo tree` lists for the engine alone, as `crate|features`, has no shell and one HTTP client that does no more than it is told. */
export function engineCounts(lines) {
  const tree = lines.join("\n");
  const clients = [...new Set(tree.match(/^reqwest v[^|\n]*\|[^ \n]*/gm))];
  const features = clients.flatMap((client) => client.split(/[|,]/)).filter((feature) => UNWANTED.test(feature));
  const complaints = [
    ...new Set(tree.match(SHELL)),
    ...features.map((feature) => `reqwest is built with ${feature}`),
    ...(clients.length === 1 ? [] : [`${clients.length} versions of reqwest`]),
  ];
  for (const complaint of complaints) say(`in the tree without features: ${complaint}`);
  return { passed: complaints.length === 0 ? 1 : 0, failed: complaints.length };
}
