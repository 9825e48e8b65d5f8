import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Sources below a folder, by their paths. */
function sourcesOf(folder: string): readonly (readonly [file: string, text: string])[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [join(folder, file), readFileSync(join(ROOT, folder, file), "utf8")]);
}

/** Places of a pattern in the sources of a folder: "file: what stands there". */
function placesOf(folder: string, pattern: RegExp): string[] {
  return sourcesOf(folder).flatMap(([file, text]) => [...text.matchAll(pattern)].map(([found]) => `${file}: ${found}`));
}

describe("where the editor shows text", () => {
  it("every message, whose links would run commands, goes through label()", () => {
    const all = placesOf("extension", /\.show(Information|Warning|Error)Message\((?!label\()[^]{0,40}/g);
    assert.deepEqual(all, []);
    assert.ok(placesOf("extension", /\.show(Information|Warning|Error)Message\(label\(/g).length >= 6);
  });

  it("every notification of progress goes through label()", () => {
    const titled = placesOf("extension", /ProgressLocation\.Notification/g);
    assert.deepEqual(titled, Array(2).fill("extension/commands/progress.ts: ProgressLocation.Notification"));
    assert.equal(placesOf("extension", /title: label\(title\)/g).length, 2);
  });

  it("no Markdown is trusted to run commands, or to hold HTML", () => {
    const trusted = placesOf("extension", /\bsupportHtml\b|\.isTrusted\s*=|\bisTrusted:/g);
    // There it is the workspace that is trusted, and no Markdown is made.
    const ofWorkspace = (place: string): boolean => place.startsWith("extension/engine/");
    assert.deepEqual(
      trusted.filter((place) => !ofWorkspace(place)),
      [],
    );
    assert.deepEqual(placesOf("extension", /MarkdownString/g).filter(ofWorkspace), []);
  });

  it("command links are those that we write, with their arguments", () => {
    const links = placesOf("extension", /["'`(]command:[\w.]+/g).filter((one) => !one.startsWith("extension/build/"));
    assert.deepEqual(links, ["extension/config/navigation.ts: `command:revealInExplorer"]);
  });
});

describe("files of a workspace, which may be links and pipes", () => {
  it("are read and written by ownFiles.ts, apart from those of the person's own and those that a dialog has named", () => {
    const calls = /\bfs\.(?:readFile|writeFile|delete|copy|rename|createDirectory)\(/g;
    const elsewhere = placesOf("extension", calls).filter(
      (place) => !/^extension\/(?:build\/|ownFiles|inTurn)/.test(place),
    );
    assert.deepEqual(elsewhere.sort(), [
      "extension/commands/exportTable.ts: fs.writeFile(",
      "extension/commands/hosts.ts: fs.readFile(",
      "extension/commands/newConfig.ts: fs.writeFile(",
      "extension/commands/promoting.ts: fs.writeFile(",
      "extension/panels/actions.ts: fs.writeFile(",
    ]);
  });
});

describe("the web view's sources", () => {
  it("put no text into the page as markup", () => {
    const raw =
      /unsafeHTML|unsafeSVG|unsafeStatic|unsafeMathML|\.innerHTML|\.outerHTML|insertAdjacentHTML|setHTMLUnsafe|document\.write|createContextualFragment|DOMParser|\bsrcdoc\b|\beval\(|new Function\(/g;
    assert.deepEqual(placesOf("webview", raw), []);
  });

  it("write style sheets of their own only", () => {
    assert.deepEqual(placesOf("webview", /unsafeCSS\([^)]{0,40}/g).sort(), [
      "webview/plots/plotStyles.ts: unsafeCSS(uplotCss",
    ]);
  });
});
