import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { STRINGS_FILE, collectStrings, stringsJson, stringsOf } from "../../extension/build/strings.ts";
import * as z from "zod";
import { MODEL_TOOLS } from "../../engine/tools/index.ts";
import type { ModelTool } from "../../engine/tools/tool.ts";
import type { Command } from "../../extension/salsa.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Contribution {
  readonly command: string;
  readonly title?: string;
  readonly category?: string;
}
interface Manifest {
  readonly contributes: {
    readonly commands: readonly Contribution[];
    readonly configurationDefaults: Readonly<Record<string, unknown>>;
    readonly menus: Readonly<Record<string, readonly Contribution[]>>;
    readonly languageModelTools: readonly ToolContribution[];
  };
}
interface ToolContribution {
  readonly name: string;
  readonly modelDescription?: string;
  readonly toolReferenceName?: string;
  readonly canBeReferencedInPrompt?: boolean;
  readonly icon?: string;
  readonly tags?: readonly string[];
  readonly inputSchema?: object;
}

describe("what package.json contributes", () => {
  let manifest: Manifest;
  let names: Readonly<Record<string, string>>;
  let registered: readonly string[];

  before(async () => {
    manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Manifest;
    names = JSON.parse(await readFile(join(ROOT, "package.nls.json"), "utf8")) as typeof names;
    registered = await commandIds();
  });

  it("has every command that the extension registers, and no other", () => {
    const contributed = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual([...contributed].sort(), [...registered].sort());
    assert.equal(new Set(contributed).size, contributed.length);
  });

  it("has editors pass over what runs write, in searches and watching, unless somebody wants otherwise", () => {
    assert.deepEqual(manifest.contributes.configurationDefaults, {
      "files.watcherExclude": { "**/.salsa/**": true },
      "search.exclude": { "**/.salsa": true },
    });
  });

  it("titles every command through package.nls.json, in the category SALSA", () => {
    for (const { command, title, category } of manifest.contributes.commands) {
      assert.equal(title, `%${command.replace("salsa.", "command.")}%`);
      assert.equal(category, "%command.category%");
    }
  });

  it("puts no command into a menu that it does not have", () => {
    const known = manifest.contributes.commands.map(({ command }) => command);
    const used = Object.values(manifest.contributes.menus).flatMap((items) => items.map(({ command }) => command));
    assert.deepEqual(
      used.filter((command) => !known.includes(command)),
      [],
    );
  });

  it("names nothing that package.nls.json does not, and package.nls.json nothing that is not used", async () => {
    const used = [...(await readFile(join(ROOT, "package.json"), "utf8")).matchAll(/"%([\w.]+)%"/g)].map(
      ([, key]) => key,
    );
    const keys = Object.keys(names);
    assert.deepEqual(
      used.filter((key) => key === undefined || !keys.includes(key)),
      [],
    );
    assert.deepEqual(
      keys.filter((key) => !used.includes(key) && !key.startsWith("displayName")),
      [],
    );
    assert.deepEqual(keys, [...keys].sort());
    assert.deepEqual(
      keys.filter((key) => key.startsWith("tool.") && /^(What|Whether|Who)\b/.test(names[key] ?? "")),
      [],
    );
  });

  it("runs no command from a welcome view or walkthrough that it does not have", () => {
    const linked = Object.values(names).flatMap((text) =>
      [...text.matchAll(/\(command:(salsa\.\w+)/g)].map(([, id]) => id),
    );
    assert.ok(linked.length > 0);
    for (const id of linked) assert.ok(id !== undefined && registered.includes(id), id);
  });

  it("tells language models of each tool what its definition says", async () => {
    const tools = manifest.contributes.languageModelTools;
    assert.deepEqual(
      tools.map(({ name, modelDescription, inputSchema }) => [name, modelDescription, inputSchema]),
      MODEL_TOOLS.map((tool) => [tool.name, tool.description, inputSchemaOf(tool)]),
    );
    for (const { toolReferenceName = "", ...tool } of tools) {
      assert.match(toolReferenceName, /^\w+$/);
      assert.equal(tool.canBeReferencedInPrompt, true);
      assert.match(tool.icon ?? "", /^\$\([\w-]+\)$/);
      assert.ok(tool.tags?.includes("salsa"));
    }
    // Those that start or stop something are registered by name: each asks its user first.
    const sources = await Promise.all(
      ["readers.ts", "index.ts"].map((file) => readFile(join(ROOT, "extension/tools", file), "utf8")),
    );
    const used = sources.flatMap((text) => [...text.matchAll(/\b(salsa_\w+)\b/g)].map(([, name]) => name ?? ""));
    assert.deepEqual([...new Set(used)].sort(), MODEL_TOOLS.map(({ name }) => name).sort());
  });
});

describe("strings shown to people", () => {
  it("are all in l10n/bundle.l10n.json, sorted, and nothing else is: npm run l10n writes them", async () => {
    assert.equal(await readFile(STRINGS_FILE, "utf8"), stringsJson(await collectStrings()));
  });

  it("are found in t, l10n.t and vscode.l10n.t", () => {
    const text = 't("a", 1); l10n.t("b"); vscode.l10n.t(`c`); host.t("no"); let t = f("no"); t2("no");';
    assert.deepEqual(stringsOf("x.ts", text), ["a", "b", "c"]);
  });

  it("are elsewhere where translation itself is handed on", () => {
    assert.deepEqual(stringsOf("x.ts", "setTranslate((text) => vscode.l10n.t(text));"), []);
  });

  it("must be written out where they are translated", () => {
    assert.throws(() => stringsOf("x.ts", "\nt(title)"), /x\.ts:2: the text to translate is not a plain string/);
    assert.throws(() => stringsOf("x.ts", "t(`a ${b}`)"), /x\.ts:1: /);
  });
});

/** Ids of every command that a module of commands or views offers, loaded with nothing in the place of the editor. */
async function commandIds(): Promise<readonly string[]> {
  const views = (await readdir(join(ROOT, "extension/views"))).filter((file) => file.endsWith(".ts"));
  const files = ["commands/index.ts", ...views.map((file) => `views/${file}`)];
  const { outputFiles } = await esbuild.build({
    stdin: {
      contents: files.map((file, k) => `export * as m${k} from "./extension/${file}";`).join("\n"),
      resolveDir: ROOT,
      loader: "ts",
    },
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    external: ["vscode"],
    logLevel: "silent",
  });
  const exports: Record<string, Readonly<Record<string, unknown>>> = {};
  // A bundle copies a module's own names, and looks for all others in its prototypes.
  const vscode: unknown = Object.create(nothing());
  const load = (name: string): unknown => (name === "vscode" ? vscode : process.getBuiltinModule(name));
  // The bundle is this repository's own code; it asks for `vscode`, which only an editor has.
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function("exports", "require", "module", outputFiles[0]?.text ?? "") as (...args: unknown[]) => void;
  const holder = { exports };
  run(exports, load, holder);
  const offered = Object.values(holder.exports).flatMap((one) => Object.values(one));
  return offered
    .flatMap((one) => (Array.isArray(one) ? (one as unknown[]) : [one]))
    .filter(isCommand)
    .map(({ id }) => id);
}

/** Can be called, made, extended and asked for anything, and is still nothing. */
function nothing(): object {
  const empty = function (this: object): void {
    return undefined;
  };
  return new Proxy(empty, {
    get: (target, key) => (key === "prototype" ? (target.prototype as object) : nothing()),
    apply: () => nothing(),
  });
}

function isCommand(value: unknown): value is Command {
  if (typeof value !== "object" || value === null) return false;
  const { id, run } = value as Partial<Command>;
  return typeof id === "string" && typeof run === "function";
}

/** JSON schema of a tool's input, as package.json has it. */
function inputSchemaOf({ input }: ModelTool): Readonly<Record<string, unknown>> {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: "input" });
  return schema;
}
