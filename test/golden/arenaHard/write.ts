import { mkdirSync, writeFileSync } from "node:fs";
import { sampleFiles } from "./judgments.ts";

// Writes the judgments that generate.py shows to arena-hard-auto.
for (const form of ["before", "since"] as const) {
  const folder = new URL(`${form}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [model, text] of sampleFiles(form)) writeFileSync(new URL(`${model}.jsonl`, folder), text);
}
