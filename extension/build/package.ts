import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import { createVSIX } from "@vscode/vsce";
import { type NpmBill, billOfMaterials } from "./billOfMaterials.ts";
import { ROOT, bundle } from "./bundle.ts";
import { KOFFI_NATIVE, copyKoffi } from "./koffiNative.ts";
import { copyNode, isTarget, npm, PLATFORMS, type Target } from "./nodeRuntime.ts";
import { bundledPackages, nameOf, notices } from "./notices.ts";

/**
 * Most bytes of a VSIX: Node makes 35 to 45 MB of it, packed, and all else 3 MB. Somewhat more, so that a newer Node
 * fits, and a forgotten source map, a model or a second platform does not.
 */
export const MOST_BYTES = 52e6;

/** Most bytes of everything except Node, unpacked: scripts, wasm, PTX, schema, icons, figures. */
export const MOST_BYTES_WITHOUT_NODE = 10e6;

/** Files of the repository that are packaged; nothing else is. */
const SHIPPED = [
  "dist/extension.cjs",
  "dist/extension",
  "dist/webview.js",
  "dist/webview",
  "dist/chat.js",
  "dist/preview.js",
  "dist/runsTable.js",
  "dist/webview.css",
  "dist/codicon.ttf",
  "dist/run-config.schema.json",
  "dist/engine",
  "dist/soup",
  "extension/media",
  "l10n",
  "CHANGELOG.md",
  "SECURITY.md",
  "LICENSE",
];

/**
 * The page of the extension, which becomes the package's README: for people who install, and not for those who clone.
 * VS Code shows pictures there only from https, and never from the package; those are in the walkthrough.
 */
export const PAGE = "extension/README.md";

/** Keys of package.json that are needed only for development. */
const NOT_SHIPPED = [
  "private",
  "bin",
  "scripts",
  "allowScripts",
  "dependencies",
  "devDependencies",
  "peerDependencies",
  "peerDependenciesMeta",
];

/** A packaged extension. */
export interface Package {
  readonly file: string;
  readonly bytes: number;
  /** Version of the Node in it. */
  readonly node: string;
  /** Of its parts, unpacked. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Notices of the bundled packages in every VSIX. */
export interface Contents {
  /** Their licences. */
  readonly notice: string;
  /** They themselves, as `lit@3.3.3`. */
  readonly packages: readonly string[];
  readonly bill: NpmBill;
}

/** Builds everything that is packaged. */
export async function buildForProduction(): Promise<Contents> {
  execFileSync(process.execPath, [join(ROOT, "engine/build.ts")], { stdio: "inherit" });
  const made = await bundle({ production: true });
  const packages = await Promise.all(bundledPackages(made.inputs).map((folder) => nameOf(folder, ROOT)));
  const bill = JSON.parse(npm("sbom", "--sbom-format=cyclonedx", "--package-lock-only")) as NpmBill;
  return { notice: await notices(made, ROOT), packages, bill };
}

/**
 * Packages the contents of `dist/` for a platform, with the platform's Node.
 *
 * @param target - The platform.
 * @param contents - As `buildForProduction` returns them.
 * @throws {Error} when the package exceeds its budget.
 */
export async function packageFor(target: Target, contents: Contents): Promise<Package> {
  const folder = join(ROOT, ".vscode-test/package", target);
  await fs.rm(folder, { recursive: true, force: true });
  await stage(folder);
  await fs.writeFile(join(folder, "dist/NOTICES.txt"), contents.notice);
  const engine = join(folder, "dist/engine");
  await fs.rm(join(engine, KOFFI_NATIVE), { force: true });
  await copyKoffi(target, engine, join(ROOT, ".vscode-test/node"));
  const node = await copyNode(target, join(folder, "dist/node"), join(ROOT, ".vscode-test/node"));
  await fs.writeFile(
    join(folder, "dist/sbom.cdx.json"),
    billOfMaterials(contents.bill, contents.packages, { version: node.version, sha256: await sha256(node.file) }),
  );
  const { version } = JSON.parse(await fs.readFile(join(folder, "package.json"), "utf8")) as { version: string };
  const file = join(ROOT, `salsa-${target}-${version}.vsix`);
  await createVSIX({
    cwd: folder,
    packagePath: file,
    target,
    dependencies: false,
    allowMissingRepository: true,
    // There are none to rewrite.
    rewriteRelativeLinks: false,
  });
  const { size } = await fs.stat(file);
  const parts = await measure(folder);
  await fs.rm(folder, { recursive: true });
  const made = { file, bytes: size, node: node.version, parts };
  checkBudget(made);
  return made;
}

/** @throws {Error} with the sizes of the parts, when a package exceeds its budget. */
export function checkBudget({ file, bytes, parts }: Omit<Package, "node">): void {
  const { node = 0, ...others } = parts;
  const rest = Object.values(others).reduce((total, each) => total + each, 0);
  if (bytes <= MOST_BYTES && rest <= MOST_BYTES_WITHOUT_NODE) return;
  const sizes = Object.entries(parts).map(([part, size]) => `${part} ${megabytes(size)}`);
  throw new Error(
    `package: ${relative(ROOT, file)} has ${megabytes(bytes)}, of which ${megabytes(rest)} unpacked are not Node; ` +
      `the budget is ${megabytes(MOST_BYTES)} and ${megabytes(MOST_BYTES_WITHOUT_NODE)}. Unpacked: ${sizes.join(", ")}` +
      (node === 0 ? "; Node is missing" : ""),
  );
}

async function stage(folder: string): Promise<void> {
  for (const path of SHIPPED)
    await fs.cp(join(ROOT, path), join(folder, path), { recursive: true, filter: (file) => !file.endsWith(".map") });
  await fs.copyFile(join(ROOT, PAGE), join(folder, "README.md"));
  for (const name of await fs.readdir(ROOT))
    if (/^package\.nls(\.[\w-]+)?\.json$/.test(name)) await fs.copyFile(join(ROOT, name), join(folder, name));
  // All that is here ships; vsce warns where nothing is said about that.
  await fs.writeFile(join(folder, ".vscodeignore"), "");
  const manifest = Object.entries(JSON.parse(await fs.readFile(join(ROOT, "package.json"), "utf8")) as object);
  const shipped = Object.fromEntries(manifest.filter(([key]) => !NOT_SHIPPED.includes(key)));
  await fs.writeFile(join(folder, "package.json"), `${JSON.stringify(shipped, undefined, 2)}\n`);
}

/** Bytes by part: of `dist/`, each entry; of the rest, each folder or file. */
async function measure(folder: string): Promise<Readonly<Record<string, number>>> {
  const parts: Record<string, number> = {};
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep);
    const part = path[0] === "dist" ? path[1] : path[0];
    const { size } = await fs.stat(join(folder, ...path));
    parts[part ?? ""] = (parts[part ?? ""] ?? 0) + size;
  }
  return parts;
}

async function sha256(file: string): Promise<string> {
  return createHash("sha256")
    .update(await fs.readFile(file))
    .digest("hex");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Packages for the requested platforms, and prints the sizes of the parts. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { target: { type: "string", multiple: true }, all: { type: "boolean" } } });
  const own = `${process.platform}-${process.arch}`;
  const targets = values.all === true ? Object.keys(PLATFORMS) : (values.target ?? [own]);
  for (const target of targets)
    if (!isTarget(target))
      throw new Error(`package: no Node is published for ${target}; there is ${Object.keys(PLATFORMS).join(", ")}`);
  const contents = await buildForProduction();
  for (const target of targets.filter(isTarget)) tell(await packageFor(target, contents));
}

/** Parts smaller than this, in bytes, are summed up in one line. */
const SMALL = 50e3;

function tell({ file, bytes, node, parts }: Package): void {
  process.stdout.write(`${relative(process.cwd(), file)}: ${megabytes(bytes)} with Node ${node}; unpacked:\n`);
  const sorted = Object.entries(parts).sort(([, a], [, b]) => b - a);
  const rest = sorted.filter(([, size]) => size < SMALL).reduce((total, [, size]) => total + size, 0);
  for (const [part, size] of [...sorted.filter(([, each]) => each >= SMALL), ["all else", rest] as const])
    process.stdout.write(`  ${megabytes(size).padStart(9)}  ${part}\n`);
}

if (import.meta.main) await main();
