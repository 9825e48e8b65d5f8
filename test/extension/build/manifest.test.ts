import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../../extension/build/bundle.ts";
import { PAGE } from "../../../extension/build/package.ts";

interface Step {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly completionEvents: readonly string[];
  readonly media: { readonly svg?: string; readonly image?: string; readonly altText: string };
}
interface Manifest {
  readonly main: string;
  readonly icon: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly activationEvents: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope?: string }>> };
    readonly commands: readonly { readonly command: string }[];
    readonly walkthroughs: readonly { readonly steps: readonly Step[] }[];
  };
}

describe("the extension's manifest", () => {
  let manifest: Manifest;
  let texts: Readonly<Record<string, string>>;

  before(async () => {
    manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Manifest;
    texts = JSON.parse(await readFile(join(ROOT, "package.nls.json"), "utf8")) as typeof texts;
  });

  const text = (key: string): string => {
    assert.match(key, /^%.*%$/);
    const found = texts[key.slice(1, -1)];
    assert.ok(found !== undefined, key);
    return found;
  };

  it("asks for VS Code 1.100 and starts with no event that every window has", () => {
    assert.equal(manifest.engines["vscode"], "^1.100.0");
    assert.equal(manifest.main, "./dist/extension.cjs");
    assert.ok(!manifest.activationEvents.some((event) => event === "*" || event === "onStartupFinished"));
  });

  it("takes the programs that it starts from no workspace: their settings are the machine's, and restricted", () => {
    const { contributes, capabilities } = manifest;
    const settings = Object.entries(contributes.configuration.properties);
    const programs = settings.filter(([name]) => /path$/i.test(name));
    assert.deepEqual(programs.map(([name]) => name).sort(), ["salsa.cublasPath", "salsa.nodePath", "salsa.tfjsPath"]);
    for (const [name, { scope }] of programs) assert.equal(scope, "machine", name);
    const { restrictedConfigurations } = capabilities.untrustedWorkspaces;
    assert.deepEqual([...restrictedConfigurations].sort(), ["salsa.cublasPath", "salsa.nodePath", "salsa.tfjsPath"]);
  });

  it("has a page for people who install: pictures and links that VS Code shows there, and nothing about clones", async () => {
    const page = await readFile(join(ROOT, PAGE), "utf8");
    const targets = [...page.matchAll(/!?\[[^\]]*\]\(([^)]*)\)/g), ...page.matchAll(/(?:src|href)="([^"]*)"/g)];
    // From the package none would load, and a link to a file leads nowhere.
    for (const [, target = ""] of targets) assert.match(target, /^https:\/\//);
    assert.doesNotMatch(page, /npm |npx|git clone|this repository|Node ≥/);
    const titles = manifest.contributes.commands.map(({ command }) =>
      text(`%${command.replace("salsa.", "command.")}%`),
    );
    const named = [...page.matchAll(/\*\*SALSA: ([\w ]+?)(?: →.*?)?\*\*/g)].map(([, title = ""]) => title);
    assert.ok(named.length >= 6);
    for (const title of named)
      assert.ok(
        titles.some((one) => one.replace("...", "") === title),
        title,
      );
  });

  it("has an icon of at least 128 × 128 pixels", async () => {
    const png = await readFile(join(ROOT, manifest.icon));
    assert.equal(png.toString("latin1", 1, 4), "PNG");
    for (const at of [16, 20]) assert.ok(png.readUInt32BE(at) >= 128);
  });

  it("has its texts in package.nls.json, sorted, and no other in there", async () => {
    const keys = Object.keys(texts);
    assert.deepEqual(keys, [...keys].sort());
    const used = (await readFile(join(ROOT, "package.json"), "utf8")).matchAll(/"%([\w.]+)%"/g);
    assert.deepEqual([...new Set([...used].map(([, key]) => key))].sort(), keys);
  });

  it("leads through first steps that exist: pictures, commands and contexts", async () => {
    const [{ steps } = { steps: [] }] = manifest.contributes.walkthroughs;
    assert.deepEqual(
      steps.map(({ id }) => id),
      ["doctor", "config", "run", "dashboard", "winRates", "ownModel"],
    );
    const commands = manifest.contributes.commands.map(({ command }) => command);
    for (const { title, description, media, completionEvents } of steps) {
      assert.ok(text(title).length > 0 && text(media.altText).length > 0);
      const picture = await readFile(join(ROOT, media.svg ?? media.image ?? ""));
      assert.match(picture.toString("latin1", 0, 8), media.svg === undefined ? /^.PNG/ : /^<svg /);
      const mentioned = [...text(description).matchAll(/command:([\w.]+)/g)].map(([, id]) => id ?? "");
      const awaited = completionEvents.flatMap((event) => /^onCommand:(.*)$/.exec(event)?.[1] ?? []);
      for (const id of [...mentioned, ...awaited]) assert.ok(commands.includes(id), id);
    }
  });
});
