import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/**
 * The licences of every package that went into the bundles, as those licences ask for.
 *
 * @throws {Error} naming a package that has no licence file and does not say which licence it is under.
 */
export async function notices({ inputs }: Pick<Metafile, "inputs">, root: string): Promise<string> {
  const sections: string[] = [];
  for (const folder of bundledPackages(inputs)) sections.push(await notice(join(root, folder)));
  return `SALSA contains the following software.\n\n${sections.join("\n\n")}\n`;
}

/** Folders of packages, sorted; of a package within a package, the inner one. */
export function bundledPackages(inputs: Metafile["inputs"]): readonly string[] {
  const folders = Object.keys(inputs).flatMap((file) => {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    return found?.[1] === undefined ? [] : [found[1]];
  });
  return [...new Set([...folders, ...COPIED])].sort();
}

/** A package as `lit@3.3.3`. */
export async function nameOf(folder: string, root: string): Promise<string> {
  const { name, version } = await manifestOf(join(root, folder));
  return `${name}@${version}`;
}

/** Of which files are copied and not bundled. */
const COPIED = ["node_modules/@vscode/codicons", "node_modules/koffi"];

async function notice(folder: string): Promise<string> {
  const manifest = await manifestOf(folder);
  const title = `${manifest.name} ${manifest.version} (${manifest.license ?? "licence as below"})`;
  const files = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  if (files.length === 0 && manifest.license === undefined)
    throw new Error(`notices: ${manifest.name} has no licence file and names no licence`);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return [
    `${"=".repeat(title.length)}\n${title}\n${"=".repeat(title.length)}`,
    ...texts.map((text) => text.trim()),
  ].join("\n\n");
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}
