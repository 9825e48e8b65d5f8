import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { literal, codeSpan, fenced, literalLines, markdownTable } from "../../../../engine/common/markdown.ts";
import { escapeHtml, markdownHtml } from "../../../../engine/pipeline/report/html/markdownHtml.ts";
import { htmlPage } from "../../../../engine/pipeline/report/html/page.ts";

const html = (markdown: string): string =>
  markdownHtml(markdown, (file, title) => `<img ${file} ${escapeHtml(title)}>`);

describe("Markdown of reports as HTML", () => {
  it("has a tag for each of its marks", () => {
    assert.equal(
      html("# One\n\ntext **bold** and *it* `a<b`"),
      "<h1>One</h1>\n<p>text <strong>bold</strong> and <em>it</em> <code>a&lt;b</code></p>",
    );
    assert.equal(
      html("- a\n- b\n\n> **Lost.** c\n> d"),
      "<ul><li>a</li><li>b</li></ul>\n<blockquote><p><strong>Lost.</strong> c\nd</p></blockquote>",
    );
    assert.equal(html("```sh\nsalsa run <x>\n```"), "<pre><code>salsa run &lt;x&gt;</code></pre>");
    assert.equal(html("![A \\*title\\*](figures/kl.svg)"), "<img figures/kl.svg A *title*>");
    assert.equal(html("a  \nb"), "<p>a<br>\nb</p>");
    assert.equal(
      html("| a | b |\n| --- | ---: |\n| x \\| y | 1 |"),
      '<div class="wide"><table><thead><tr><th>a</th><th class="right">b</th></tr></thead><tbody><tr><td>x | y</td><td class="right">1</td></tr></tbody></table></div>',
    );
  });

  it("shows any text of others as it is, and makes no tag of it", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom("<script>", "](x)", "![", "**", "`", "|", "\\", "# ", "- ", "> ", "```", "www.", "1. ", "&amp;"),
    );
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
    const visible = (one: string): string =>
      one
        .replace(/<[^>]*>/g, "")
        .replace(/&lt;/g, "<")
        .replace(/&gt;/g, ">")
        .replace(/&quot;/g, '"')
        .replace(/&#39;/g, "'")
        .replace(/&amp;/g, "&");
    fc.assert(
      fc.property(text, (given) => {
        const shown = html(`x ${literal(given)}`);
        assert.deepEqual(shown.match(/<[^>]*>/g), ["<p>", "</p>"]);
        // `literal` itself puts text in one line and spells out what steers a terminal.
        const plain = literal(given).replace(/\\([!-/:-@[-`{-~])/g, "$1");
        assert.equal(visible(shown), `x ${plain}`);
        const table = html(markdownTable([{ header: literal(given), align: "left" }], [[codeSpan(given)]]));
        assert.ok(
          (table.match(/<[^>]*>/g) ?? []).every((tag) =>
            /^<\/?(div|table|thead|tbody|tr|th|td|code)( class="wide")?>$/.test(tag),
          ),
          table,
        );
        const block = html(fenced(given));
        assert.deepEqual(block.match(/<[^>]*>/g), ["<pre>", "<code>", "</code>", "</pre>"]);
        assert.ok(
          (html(literalLines(given)).match(/<[^>]*>/g) ?? []).every((tag) => ["<p>", "</p>", "<br>"].includes(tag)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("takes time in proportion to its length", () => {
    const begun = performance.now();
    for (const mark of ["`", "*", "\\", "|", "[", "``x"]) html(mark.repeat(50_000));
    // Some 10 ms each; anything quadratic takes minutes.
    assert.ok(performance.now() - begun < 5000);
  });
});

describe("a report as one HTML file", () => {
  const figure = {
    ...{
      file: "figures/kl.svg",
      title: "KL",
      svg: '<svg xmlns="http://www.w3.org/2000/svg"><title>KL</title></svg>\n',
    },
    data: {
      columns: [{ header: "step", align: "right" as const }],
      rows: Array.from({ length: 5000 }, (_, at) => [at]),
    },
  };
  const readout = [{ name: "</script><b>salsa", color: "#000", x: [1, 2], y: [0.5, null] }];
  const markdown = "# Report\n\n## Learning curves\n\n![KL](figures/kl.svg)\n\n## Run `a`\n\n## Run a";
  const link = 'vscode://salsa.salsa/pipeline?run="demo"';
  const page = htmlPage({ title: "<demo>", markdown, figures: [{ ...figure, readout }], link });

  it("lets nothing in from anywhere, and its style is the one that it allows", () => {
    const hashOf = (tag: RegExp): string =>
      createHash("sha256")
        .update(tag.exec(page)?.[1] ?? "")
        .digest("base64");
    const [style, script] = [hashOf(/<style>([^]*?)<\/style>/), hashOf(/<script>([^]*?)<\/script>/)];
    const policy = `style-src 'sha256-${style}'; script-src 'sha256-${script}'; base-uri 'none'; form-action 'none'`;
    assert.ok(page.includes(`content="default-src 'none'; ${policy}"`));
    assert.deepEqual(page.match(/<script[^>]*>/g), ['<script type="application/json">', "<script>"]);
    assert.ok(!/<link|<img|<iframe| on\w+=| style=|url\(|@import|innerHTML|eval\(/i.test(page));
    const addresses = [...page.matchAll(/https?:[^"'\s<]+/g)].map(([address]) => address);
    assert.deepEqual(addresses, ["http://www.w3.org/2000/svg"], "a namespace, which is no address");
    assert.match(page, /<title>&lt;demo&gt;<\/title>/);
  });

  it("holds figures and what is behind them, of which long tables are thinned out and say so", () => {
    assert.match(
      page,
      /<figure id="figure-kl" data-lines><svg .*<details><summary>The numbers behind it \(1667 of 5000 rows, one in 3\)/s,
    );
    assert.equal(page.match(/<td class="right">/g)?.length, 1667);
  });

  it("has values to read off as data of which no tag comes", () => {
    const [, data = ""] = /<script type="application\/json">(.*?)<\/script>/.exec(page) ?? [];
    assert.deepEqual(JSON.parse(data), readout);
  });

  it("has an anchor for each section, the view's name where a view shows the same, and opens it in the editor", () => {
    assert.deepEqual(
      [...page.matchAll(/<h2 id="([^"]*)">/g)].map(([, id]) => id),
      ["metrics", "run-a", "run-a-2"],
    );
    assert.ok(page.includes('<a href="vscode://salsa.salsa/pipeline?run=&quot;demo&quot;">Open in VS Code</a>'));
  });
});
