import { readFileSync } from "node:fs";

const texts = new Map<string, string>();

/** PTX of a kernel file, from this program's own files; read once. */
export function kernelText(file: string): string {
  const known = texts.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`./kernels/${file}.ptx`, import.meta.url), "utf8");
  texts.set(file, text);
  return text;
}
