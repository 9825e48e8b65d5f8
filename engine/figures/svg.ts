/** Attributes of an element; numbers are written with two decimals, undefined values are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element. Children are SVG already: texts go through `escaped` or `textElement`. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? short(value) : escaped(value ?? "")}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** A line of text. */
export function textElement(text: string, attributes: Attributes): string {
  return element("text", attributes, escaped(text));
}

/** A text as XML may hold it: marked-up characters by name, without those that XML forbids. */
export function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  // oxlint-disable-next-line no-control-regex -- these are the characters that must not come through
  const allowed = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "");
  return allowed.replace(/[&<>"]/g, (character) => names[character] ?? character);
}

/** A coordinate with two decimals, without zeros that say nothing. */
export function short(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** Estimated width of a text, in pixels: fonts differ, so it leaves some room. */
export function widthOf(text: string, size: number): number {
  return text.length * size * 0.58;
}

/** Text in lines that are no wider than `width`, broken between words. */
export function wrapped(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((one) => one !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && widthOf(longer, size) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === "" ? lines : [...lines, line];
}
