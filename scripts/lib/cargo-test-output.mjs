// Reads what `cargo test` prints, as it comes: one block for each test binary, with its counts.

const HEADER = /^\s+(?:Running (?:unittests )?(\S+) \(|Doc-tests (\S+))/;
const RESULT =
  /^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; \d+ measured; (\d+) filtered out; finished in (\S+)/;

/** Collects lines into blocks; `onBlock` gets each one when it is complete. */
export class CargoTestOutput {
  #onBlock;
  #block;

  constructor(onBlock) {
    this.#onBlock = onBlock;
    this.#open("building", false);
  }

  line(text) {
    const header = HEADER.exec(text);
    if (header) {
      this.#close();
      this.#open(header[1] ?? `doc tests of ${header[2]}`, header[2] !== undefined);
      return;
    }
    this.#block.lines.push(text);
    const result = RESULT.exec(text);
    if (result) {
      const [passed, failed, ignored, filtered] = result.slice(1, 5).map(Number);
      this.#block.results.push({ passed, failed, ignored, filtered, seconds: parseFloat(result[5]) });
    }
  }

  end() {
    this.#close();
  }

  #open(name, isDoc) {
    this.#block = { name, isDoc, lines: [], results: [] };
  }

  #close() {
    const { name, isDoc, lines, results } = this.#block;
    const isTests = name !== "building";
    // Doc tests come in several parts. Of any other binary only the last result is its own: an earlier one is that of
    // a child that a test has started.
    const own = isDoc ? results : results.slice(-1);
    const total = { passed: 0, failed: 0, ignored: 0, filtered: 0, seconds: 0 };
    for (const result of own) for (const key of Object.keys(total)) total[key] += result[key];
    // A binary that ends without a result has died.
    const died = isTests && results.length === 0;
    if (died) total.failed += 1;
    this.#onBlock({ name, isTests, died, lines, ...total });
  }
}

/** The lines of a block that a person needs to see why it failed. */
export function failureLines(block) {
  return block.lines.filter((line) => line !== "" && !/^test .* \.\.\. ok$/.test(line));
}

/** Names of the tests that were left out, each with its reason. */
export function ignoredTests(block) {
  return block.lines.filter((line) => /^test .* \.\.\. ignored/.test(line)).map((line) => line.slice("test ".length));
}
