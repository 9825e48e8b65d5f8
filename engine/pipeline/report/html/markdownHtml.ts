/** Gives the HTML of an image by the file that Markdown names; its alternative text is plain. */
export type ImageHtml = (file: string, title: string) => string;

/** Gives the anchor of a heading of the second level. */
export type AnchorOf = (heading: string) => string;

/**
 * The HTML of Markdown as reports have it: headings, paragraphs, lists, quotes, tables, fenced code and images on lines of
 * their own, with emphasis, spans of code and escapes within lines. Whatever else stands there is text, and every
 * character of it is escaped: no tag comes of it but those made here.
 */
export function markdownHtml(markdown: string, image: ImageHtml, anchorOf?: AnchorOf): string {
  const lines = markdown.split("\n");
  const blocks: string[] = [];
  for (let at = 0; at < lines.length;) {
    const [html, next] = blockAt(lines, at, { image, anchorOf });
    if (html !== "") blocks.push(html);
    at = next;
  }
  return blocks.join("\n");
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

/** A block's HTML and the line after it. */
type Block = readonly [html: string, next: number];

interface Surroundings {
  readonly image: ImageHtml;
  readonly anchorOf: AnchorOf | undefined;
}

function blockAt(lines: readonly string[], at: number, { image, anchorOf }: Surroundings): Block {
  const line = lines[at] ?? "";
  if (line.trim() === "") return ["", at + 1];
  const fence = /^(`{3,})[\w-]*$/.exec(line)?.[1];
  if (fence !== undefined) return codeBlock(lines, at, fence);
  const heading = /^(#{1,4}) (.*)$/.exec(line);
  if (heading !== null) {
    const level = heading[1]?.length ?? 1;
    const text = heading[2] ?? "";
    // Headings below the second are of one of those.
    const id = anchorOf === undefined || level !== 2 ? "" : ` id="${escapeHtml(anchorOf(plainText(text)))}"`;
    return [`<h${level}${id}>${inlineHtml(text)}</h${level}>`, at + 1];
  }
  const picture = /^!\[(.*)\]\(([\w./-]+)\)$/.exec(line);
  if (picture !== null) return [image(picture[2] ?? "", plainText(picture[1] ?? "")), at + 1];
  if (line.startsWith("| ")) return tableBlock(lines, at);
  if (line.startsWith("- ")) {
    const [items, next] = whileIn(lines, at, (one) => one.startsWith("- "));
    return [`<ul>${items.map((item) => `<li>${inlineHtml(item.slice(2))}</li>`).join("")}</ul>`, next];
  }
  if (line.startsWith("> ")) {
    const [quoted, next] = whileIn(lines, at, (one) => one.startsWith("> "));
    return [`<blockquote><p>${inlineHtml(quoted.map((one) => one.slice(2)).join("\n"))}</p></blockquote>`, next];
  }
  const [text, next] = whileIn(lines, at, (one, index) => index === at || isText(one));
  return [`<p>${inlineHtml(text.join("\n"))}</p>`, next];
}

function isText(line: string): boolean {
  return line.trim() !== "" && !/^(`{3,}|#{1,4} |!\[|\| |- |> )/.test(line);
}

function whileIn(
  lines: readonly string[],
  from: number,
  isWanted: (line: string, at: number) => boolean,
): readonly [found: readonly string[], next: number] {
  let at = from;
  while (at < lines.length && isWanted(lines[at] ?? "", at)) at++;
  return [lines.slice(from, at), at];
}

function codeBlock(lines: readonly string[], at: number, fence: string): Block {
  const end = lines.indexOf(fence, at + 1);
  const last = end < 0 ? lines.length : end;
  return [`<pre><code>${escapeHtml(lines.slice(at + 1, last).join("\n"))}</code></pre>`, last + 1];
}

function tableBlock(lines: readonly string[], at: number): Block {
  const [rows, next] = whileIn(lines, at, (one) => one.startsWith("| "));
  const [head = [], rule = [], ...body] = rows.map(cellsOf);
  const aligned = (cell: string, column: number, tag: "th" | "td"): string => {
    const isRight = rule[column]?.trim().endsWith(":") === true;
    return `<${tag}${isRight ? ' class="right"' : ""}>${inlineHtml(cell.trim())}</${tag}>`;
  };
  const row = (cells: readonly string[], tag: "th" | "td"): string =>
    `<tr>${cells.map((cell, column) => aligned(cell, column, tag)).join("")}</tr>`;
  const isTitled = head.some((cell) => cell.trim() !== "");
  const header = isTitled ? `<thead>${row(head, "th")}</thead>` : "";
  return [
    `<div class="wide"><table>${header}<tbody>${body.map((cells) => row(cells, "td")).join("")}</tbody></table></div>`,
    next,
  ];
}

/** Cells of a row, which bars divide that no backslash stands before. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  let cell = "";
  for (let at = 1; at < line.length; at++) {
    const character = line[at] ?? "";
    if (character === "\\") {
      cell += character + (line[at + 1] ?? "");
      at++;
    } else if (character === "|") {
      cells.push(cell);
      cell = "";
    } else cell += character;
  }
  return cells;
}

const PUNCTUATION = /[!-/:-@[-`{-~]/;

/** HTML of a stretch of text within a block. */
function inlineHtml(text: string): string {
  let html = "";
  const open: ("strong" | "em")[] = [];
  for (let at = 0; at < text.length;) {
    const character = text[at] ?? "";
    if (character === "\\" && PUNCTUATION.test(text[at + 1] ?? "")) {
      html += escapeHtml(text[at + 1] ?? "");
      at += 2;
    } else if (character === "`") {
      const run = /^`+/.exec(text.slice(at))?.[0] ?? "`";
      const end = closing(text, at + run.length, run);
      if (end < 0) {
        html += escapeHtml(run);
        at += run.length;
      } else {
        const code = text.slice(at + run.length, end);
        html += `<code>${escapeHtml(code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "" ? code.slice(1, -1) : code)}</code>`;
        at = end + run.length;
      }
    } else if (character === "*") {
      const tag = text[at + 1] === "*" ? "strong" : "em";
      if (open.at(-1) === tag) html += `</${open.pop() ?? tag}>`;
      else {
        open.push(tag);
        html += `<${tag}>`;
      }
      at += tag === "strong" ? 2 : 1;
    } else if (character === " " && text.startsWith("  \n", at)) {
      html += "<br>\n";
      at += 3;
    } else {
      html += escapeHtml(character);
      at++;
    }
  }
  return (
    html +
    open
      .toReversed()
      .map((tag) => `</${tag}>`)
      .join("")
  );
}

/** Where a run of backticks of that very length begins; −1 where none does. */
function closing(text: string, from: number, run: string): number {
  for (let at = text.indexOf("`", from); at >= 0;) {
    let end = at;
    while (text[end] === "`") end++;
    if (end - at === run.length) return at;
    at = text.indexOf("`", end);
  }
  return -1;
}

/** Text without its escapes. */
function plainText(text: string): string {
  return text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
}
