// A client for the few WebDriver commands that the tests need (W3C WebDriver, https://www.w3.org/TR/webdriver2/).

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** Keys by their WebDriver code points. */
export const KEYS = {
  backspace: "\uE003",
  control: "\uE009",
  down: "\uE015",
  enter: "\uE007",
  escape: "\uE00C",
};
/** How often a wait looks again. The wait ends with the condition, not with the clock. */
const LOOK_MS = 50;
const LIMIT_MS = 20_000;
const GONE = /stale element|no such element/;
const OUT_OF_REACH = /stale element|no such element|intercept|not interactable/;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Session {
  #base;

  /** Opens a session on a driver that listens there. */
  static async open(driver, capabilities) {
    const { sessionId } = await call(`${driver}/session`, "POST", { capabilities: { alwaysMatch: capabilities } });
    return new Session(`${driver}/session/${sessionId}`);
  }

  constructor(base) {
    this.#base = base;
  }

  #post(path, body) {
    return call(this.#base + path, "POST", body);
  }

  go(url) {
    return this.#post("/url", { url });
  }

  /** Loads the page anew, and waits until the old one is gone: what is looked for next is the new one's. */
  async reload() {
    await this.script(() => {
      globalThis.isOldPage = true;
      location.reload();
    });
    await this.until("the old page is gone", () => this.script(() => globalThis.isOldPage === undefined));
  }

  /** Makes the page this large; the window around it is larger. */
  async resize(width, height) {
    let [wide, high] = [width, height];
    await this.until(`the page is ${width} x ${height}`, async () => {
      await this.#post("/window/rect", { width: wide, height: high });
      const [isWide, isHigh] = await this.script(() => [innerWidth, innerHeight]);
      [wide, high] = [wide + width - isWide, high + height - isHigh];
      return isWide === width && isHigh === height;
    });
  }

  /** Runs a function in the page with arguments that are JSON. */
  script(work, ...args) {
    return this.#post("/execute/sync", { script: `return (${work})(...arguments)`, args });
  }

  /** The same for a function that gives a promise. */
  async promise(work, ...args) {
    const script = `const done = arguments[arguments.length - 1];
      (async () => (${work})(...[...arguments].slice(0, -1)))().then(
        (value) => done({ value }), (error) => done({ error: String(error?.message ?? JSON.stringify(error)) }))`;
    const { value, error } = await this.#post("/execute/async", { script, args });
    if (error !== undefined) throw new Error(error);
    return value;
  }

  scriptLimit(ms) {
    return this.#post("/timeouts", { script: ms });
  }

  async #find(how) {
    const [using, value] = how.startsWith("/") ? ["xpath", how] : ["css selector", how];
    const found = await this.#post("/elements", { using, value });
    return found.map((one) => one[ELEMENT]);
  }

  /** Waits until something matches a selector (CSS, or XPath with a leading slash) and is shown. */
  shown(how, limitMs = LIMIT_MS) {
    return this.until(`${how} is shown`, () => this.isShown(how), limitMs);
  }

  /** The element that matches and is shown now; `null` where there is none. */
  async isShown(how) {
    const [id] = await this.#find(how);
    if (id === undefined) return null;
    // What was found may be drawn anew or gone with its page before the second question: it is not shown then.
    const displayed = await call(`${this.#base}/element/${id}/displayed`, "GET").catch(unless(GONE));
    return displayed ? id : null;
  }

  /** A click on what is still moving is refused; it is meant for where it comes to rest. */
  async click(how) {
    let wasGone = false;
    await this.until(`${how} takes a click`, async () => {
      // Gone with the click, which drew it anew as something else: the driver's word for that is the same.
      const id = await (wasGone ? this.isShown(how) : this.shown(how));
      if (id === null) return true;
      return this.#post(`/element/${id}/click`, {}).then(
        () => true,
        async (error) => {
          wasGone ||= GONE.test(error.message);
          unless(OUT_OF_REACH)(error);
          // Under a head that stays in its place it is in sight for the driver, and not for a hand.
          if (!wasGone) await this.#toTheMiddle(id);
          return false;
        },
      );
    });
  }

  async #toTheMiddle(id) {
    const script = "arguments[0].scrollIntoView({ block: 'center' })";
    await this.#post("/execute/sync", { script, args: [{ [ELEMENT]: id }] }).catch(unless(GONE));
  }

  /** Replaces what a field holds, as a person does: React does not see a value that a script has set. */
  async type(how, text) {
    // Modifiers are let go at the end of a call only.
    await this.#takes(how, "keys", (id) => this.#post(`/element/${id}/value`, { text: `${KEYS.control}a` }));
    await this.#takes(how, "text", (id) => this.#post(`/element/${id}/value`, { text: `${KEYS.backspace}${text}` }));
  }

  /** Does something to what is shown. Where the driver says that it is gone it did nothing, so it is looked for again. */
  async #takes(how, what, work) {
    await this.until(`${how} takes ${what}`, async () => work(await this.shown(how)).then(() => true, unless(GONE)));
  }

  /** Keys to whatever has the focus. */
  async keys(...keys) {
    const actions = keys.flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
    await this.#post("/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  text(how) {
    return this.script((selector) => document.querySelector(selector)?.textContent ?? null, how);
  }

  attribute(how, name) {
    return this.script((selector, key) => document.querySelector(selector)?.getAttribute(key) ?? null, how, name);
  }

  /** Looks until `look` gives something, and gives that. */
  async until(what, look, limitMs = LIMIT_MS) {
    const end = performance.now() + limitMs;
    for (;;) {
      const found = await look();
      if (found) return found;
      if (performance.now() > end) throw new Error(`not in ${limitMs} ms: ${what}`);
      await pause(LOOK_MS);
    }
  }

  /** Waits until an element's attribute has one of these values. */
  async attributeIs(how, name, wanted, limitMs = LIMIT_MS) {
    let last;
    const values = [wanted].flat();
    try {
      return await this.until("", async () => values.includes((last = await this.attribute(how, name))), limitMs);
    } catch {
      throw new Error(`not in ${limitMs} ms: ${name} of ${how} is ${values.join(" or ")}; it is ${last}`);
    }
  }

  /** Waits until no colour or place is between two values any more. What turns for good is not waited for. */
  rests() {
    return this.until("nothing is between two looks", () =>
      this.script(() => document.getAnimations().every((one) => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity)),
    );
  }

  /** A picture of the page as PNG bytes, after everything that was changed is drawn. */
  async screenshot() {
    await this.promise(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    return Buffer.from(await call(`${this.#base}/screenshot`, "GET"), "base64");
  }
}

/** Gives false for an error that says this, and throws every other. */
function unless(said) {
  return (error) => {
    if (said.test(error.message)) return false;
    throw error;
  };
}

async function call(url, method, body) {
  const answer = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}
