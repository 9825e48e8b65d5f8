import { writeFileSync } from "node:fs";
import { sampleJudgments } from "./judgments.ts";

writeFileSync(new URL("judgments.jsonl", import.meta.url), sampleJudgments());
