// Texts of a page that stand out too little from what is behind them (WCAG 2, AA).

/** Runs in the page. */
export function lowContrast() {
  const parse = (text) => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const over = (top, below) => top.rgb.map((value, at) => value * top.alpha + below[at] * (1 - top.alpha));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    if (element === null) return [255, 255, 255];
    const colour = parse(getComputedStyle(element).backgroundColor);
    return colour.alpha === 1 ? colour.rgb : over(colour, behind(element.parentElement));
  };
  const open = document.querySelector("[role=dialog]") ?? document.body;
  const found = new Set();
  for (const element of open.querySelectorAll("*")) {
    const isText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "");
    const style = getComputedStyle(element);
    if (!isText || !element.checkVisibility() || element.closest(":disabled, .visually-hidden, [data-spend=proof], .toasts, [data-disabled]")) continue;
    const ground = behind(element);
    const [one, other] = [luminance(over(parse(style.color), ground)), luminance(ground)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24;
    if (ratio < (isLarge ? 3 : 4.5)) found.add(`${element.className || element.tagName} "${element.textContent.slice(0, 24)}": ${ratio.toFixed(2)}`);
  }
  return [...found];
}
