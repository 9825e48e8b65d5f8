import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Every file of kernels/. */
export const KERNEL_FILES = [
  "adamw",
  "attention",
  "attentionGrad",
  "elementwise",
  "embedding",
  "flashAttention",
  "flashAttentionGrad",
  "gatedActivation",
  "logprob",
  "matmul",
  "matmulBf16",
  "reductions",
  "rmsNorm",
  "rope",
  "rows",
  "sample",
] as const;

/** Name of a file of kernels. */
export type KernelFile = (typeof KERNEL_FILES)[number];

const texts = new Map<KernelFile, string>();

/** PTX of a kernel file, from this program's own files, which are compressed in a bundle; read once. */
export function kernelText(file: KernelFile): string {
  const known = texts.get(file);
  if (known !== undefined) return known;
  const text = import.meta.url.endsWith(".ts")
    ? readFileSync(new URL(`./kernels/${file}.ptx`, import.meta.url), "utf8")
    : gunzipSync(readFileSync(new URL(`./kernels/${file}.ptx.gz`, import.meta.url))).toString("utf8");
  texts.set(file, text);
  return text;
}

/** A kernel with its body, as nvcc writes it. */
const ENTRY = /^\.visible \.entry (\w+)\([^]*?^\}$\n?/gm;

/**
 * PTX of one kernel of a file: that kernel, and what the file declares for all. A model has heads of one width and
 * matrices of few kinds, and the driver compiles whatever a module holds: all of attention takes it seven times as long
 * as one width.
 */
export function kernelPtx(file: KernelFile, kernel: string): string {
  return ptxOf(kernelText(file), kernel);
}

/** The same of a file's text. */
export function ptxOf(text: string, kernel: string): string {
  return text.replaceAll(ENTRY, (entry, name: string) => (name === kernel ? entry : ""));
}

/** Reads all kernels: an update of this program may delete their files. */
export function loadKernelTexts(): Promise<void> {
  return new Promise((resolve) => {
    for (const file of KERNEL_FILES) kernelText(file);
    resolve();
  });
}
