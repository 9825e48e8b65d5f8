import { answerQuestion, runJob } from "../pipeline/cluster/index.ts";
import { isArtifactKey } from "../storage/artifacts.ts";
import { visible } from "../common/visible.ts";

/**
 * The main file of a cluster's job: makes one stage, or answers a question about its machine. Its order comes in the
 * environment, in which no shell changes it; its output is what Ray shows of the job.
 */
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
process.on("SIGINT", () => stop.abort());

const {
  SALSA_ROOT: root = "",
  SALSA_KEY: key = "",
  SALSA_ATTEMPT: attempt = "",
  SALSA_QUESTION: question,
} = process.env;

try {
  if (question !== undefined) await answerQuestion(root, question);
  else if (isArtifactKey(key)) process.exitCode = await runJob({ root, key, number: Number(attempt) }, stop);
  else throw new Error("it is started by salsa run, for a config with runtime.cluster");
} catch (error) {
  process.stdout.write(`salsa: ${visible(error instanceof Error ? error.message : String(error))}\n`);
  process.exitCode = 1;
}
