import MarkdownIt, { type Token } from "markdown-it";

/** Clears the screen, colours, writes backwards, and makes a line of its own that looks like one of ours. */
export const HOSTILE = "\x1b[2J\x9b31m\x07\u202egnp\u2066\u061c\u200f\u2028x\r\ndone: forged";

/** Texts that Markdown, HTML, GitHub or the editor would make something of. */
export const MARKED =
  '<img src="x"> ![i](http://evil.example/i.png) [l](command:evil) https://evil.example www.evil.example ' +
  "a@evil.example **b** _i_ `c` ``d`` | x \\| y \\\\| z | &lt;b&gt; $(zap) ~~s~~\n\n# head\n\n- item\n```\nfence";

/** Controls, marks of direction and separators that stand in a text, but for breaks of lines and tabs. */
export function steering(text: string): string[] {
  const within = text.replaceAll("\r\n", "\n");
  return [...within.matchAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu)]
    .map(([one]) => one)
    .filter((one) => !/[\n\t]/.test(one));
}

let parser: MarkdownIt | undefined;

function newParser(): MarkdownIt {
  const made = new MarkdownIt({ html: true, linkify: true });
  made.linkify.set({ fuzzyLink: false });
  return made;
}

/** Parts of a document as the editor's preview reads it: markdown-it with HTML and links that are spelled out. */
export function tokensOf(markdown: string): readonly Token[] {
  parser ??= newParser();
  return parser.parse(markdown, {}).flatMap((token) => [token, ...(token.children ?? [])]);
}

/** Types of the parts that a document has. */
export function kindsOf(markdown: string): ReadonlySet<string> {
  return new Set(tokensOf(markdown).map(({ type }) => type));
}
