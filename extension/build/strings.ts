import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { MEMORY_ROLE_NAMES } from "../../engine/common/memory.ts";
import { alarmTexts } from "../../engine/protocol/alarmTexts.ts";
import { metricTexts } from "../../engine/protocol/catalogue.ts";
import { stageNameTexts } from "../../engine/protocol/stageName.ts";
import { winRateTexts } from "../../engine/protocol/winRateTerms.ts";

/** The repository. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Folders with user-facing strings. */
const FOLDERS = ["extension", "webview"] as const;

/** The file that translators start from: every string, named by itself. */
export const STRINGS_FILE = join(ROOT, "l10n/bundle.l10n.json");

/**
 * Every string that goes through `vscode.l10n.t` or `t`, and those of the engine's catalogues, sorted.
 *
 * @throws {Error} where one is no plain literal.
 */
export async function collectStrings(): Promise<readonly string[]> {
  const files = (await Promise.all(FOLDERS.map((folder) => sources(join(ROOT, folder))))).flat();
  const found = await Promise.all(
    files.map(async (file) => stringsOf(relative(ROOT, file), await readFile(file, "utf8"))),
  );
  return [
    ...new Set([
      ...found.flat(),
      ...alarmTexts(),
      ...metricTexts(),
      ...stageNameTexts(),
      ...winRateTexts(),
      ...Object.values(MEMORY_ROLE_NAMES),
    ]),
  ].sort();
}

/**
 * Strings of one file.
 *
 * @throws {Error} that names the place where the text is not written out: nobody could translate it.
 */
export function stringsOf(name: string, text: string): string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const strings: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && handsOn(node.expression)) return;
    if (ts.isCallExpression(node) && isTranslation(node.expression)) strings.push(literalOf(node, source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return strings;
}

/** The text of STRINGS_FILE. */
export function stringsJson(strings: readonly string[]): string {
  return `${JSON.stringify(Object.fromEntries(strings.map((one) => [one, one])), null, 2)}\n`;
}

/** `t(...)`, `l10n.t(...)` or `vscode.l10n.t(...)`. */
function isTranslation(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === "t";
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "t") return false;
  const { expression: owner } = callee;
  return ts.isPropertyAccessExpression(owner) ? owner.name.text === "l10n" : owner.getText() === "l10n";
}

/** Where translation itself is passed on: the text is a parameter there, and is written out elsewhere. */
function handsOn(callee: ts.Expression): boolean {
  return ts.isIdentifier(callee) && callee.text === "setTranslate";
}

function literalOf(call: ts.CallExpression, source: ts.SourceFile): string {
  const [first] = call.arguments;
  if (first !== undefined && ts.isStringLiteralLike(first)) return first.text;
  const { line } = source.getLineAndCharacterOfPosition(call.getStart());
  throw new Error(`${source.fileName}:${line + 1}: the text to translate is not a plain string; write it out there`);
}

/** TypeScript files of a folder; the build's own messages are for contributors. */
async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(ROOT, "extension/build")));
}

if (import.meta.main) {
  await mkdir(dirname(STRINGS_FILE), { recursive: true });
  await writeFile(STRINGS_FILE, stringsJson(await collectStrings()));
}
