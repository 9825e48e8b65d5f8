import assert from "node:assert/strict";
import { dashboardHtml } from "../../../extension/panels/html.ts";

const html = dashboardHtml({
  script: "https://x/webview.js?a=1&b=2",
  style: "https://x/webview.css",
  cspSource: "https://x",
  nonce: "N0nce",
  language: "de",
  title: `SALSA "quoted" <b>`,
});
const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";

describe("dashboardHtml", () => {
  it("allows our script and our files, and nothing else", () => {
    const directives = new Map(policy.split("; ").map((one) => [one.split(" ")[0], one.split(" ").slice(1).join(" ")]));
    assert.equal(directives.get("default-src"), "'none'");
    assert.equal(directives.get("script-src"), "'nonce-N0nce'");
    assert.equal(directives.get("style-src"), "https://x 'nonce-N0nce'");
    assert.equal(directives.get("font-src"), "https://x");
    assert.doesNotMatch(policy, /unsafe|\*|connect-src|frame-src/);
  });

  it("has a language and a title, and gives every tag that needs it the nonce", () => {
    assert.match(html, /<html lang="de">/);
    assert.match(html, /<title>SALSA &quot;quoted&quot; &lt;b&gt;<\/title>/);
    for (const tag of html.match(/<(script|link)[^>]*>/g) ?? []) assert.match(tag, /nonce="N0nce"/);
    assert.match(html, /src="https:\/\/x\/webview\.js\?a=1&amp;b=2"/);
    assert.doesNotMatch(html, / style="| on\w+="/);
  });
});
