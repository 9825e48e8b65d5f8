import type { Case } from "../case.ts";
import { attentionCases } from "./attention.ts";
import { biasCases } from "./bias.ts";
import { denseCases } from "./dense.ts";
import { elementwiseCases } from "./elementwise.ts";
import { optimizerCases } from "./optimizer.ts";
import { softcapCases } from "./softcap.ts";
import { vocabularyCases } from "./vocabulary.ts";
import { castCases, weightCases } from "./weightTypes.ts";

/** Every case that every backend must pass; between them, they run every op of the engine. */
export const CASES: readonly Case[] = [
  ...elementwiseCases,
  ...denseCases,
  ...biasCases,
  ...attentionCases,
  ...vocabularyCases,
  ...softcapCases,
  ...optimizerCases,
  ...castCases,
  ...weightCases,
];
