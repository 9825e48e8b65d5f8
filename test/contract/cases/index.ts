import type { Case } from "../case.ts";
import { attentionCases } from "./attention.ts";
import { denseCases } from "./dense.ts";
import { elementwiseCases } from "./elementwise.ts";
import { optimizerCases } from "./optimizer.ts";
import { vocabularyCases } from "./vocabulary.ts";

/** Every case that every backend must pass; between them, they run every op of the engine. */
export const CASES: readonly Case[] = [
  ...elementwiseCases,
  ...denseCases,
  ...attentionCases,
  ...vocabularyCases,
  ...optimizerCases,
];
