import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./install.ts";
import { type BenchOptions, type Timing, median } from "./worker.ts";

/** The same work as baselines/serve_transformers.py: requests at a time, prompts of mixed lengths, answers of one length. */
const CONCURRENCY = 8;
const NEW_TOKENS = 48;
const promptLength = (row: number): number => 16 + 8 * row;

/**
 * Times `salsa serve-model`, a process of its own, answering eight requests at a time over HTTP; `files` is the
 * checkpoint's folder. Milliseconds per step of all eight, reading the prompts included.
 */
export async function serveBench({
  warmup,
  repeats,
  threads,
  files = [],
}: BenchOptions): Promise<Omit<Timing, "versions">> {
  const [folder = ""] = files;
  const args = ["serve-model", `model=${folder}`, "--port", "0", "--threads", String(threads), "--json"];
  const child = spawn(process.execPath, [join(ROOT, "engine/cli/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, "line")) as [string];
    const { baseUrl } = JSON.parse(line) as { readonly baseUrl: string };
    const samples: number[] = [];
    for (let attempt = 0; attempt < warmup + repeats; attempt++) {
      const start = performance.now();
      await Promise.all(Array.from({ length: CONCURRENCY }, (_, row) => ask(baseUrl, row, attempt)));
      if (attempt >= warmup) samples.push((performance.now() - start) / NEW_TOKENS);
    }
    return { ms: median(samples), minMs: Math.min(...samples), threads };
  } finally {
    child.kill("SIGINT");
    await once(child, "close");
  }
}

async function ask(baseUrl: string, row: number, seed: number): Promise<void> {
  const prompt = Array.from({ length: promptLength(row) }, (_, column) => {
    return 100 + ((row * 7919 + column * 104_729 + row * column) % 40_000);
  });
  const body = { model: "model", prompt, max_tokens: NEW_TOKENS, ignore_eos: true, seed };
  const response = await fetch(`${baseUrl}/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { usage } = (await response.json()) as { readonly usage?: { readonly completion_tokens: number } };
  if (usage?.completion_tokens !== NEW_TOKENS)
    throw new Error(`serve: an answer of ${usage?.completion_tokens ?? "no"} tokens`);
}
