import * as z from "zod";
import { runsText } from "./runsText.ts";
import { modelTool } from "./tool.ts";

/** Default limit of listed runs. */
const LIMIT = 20;
/** Most runs that are listed. */
const MOST = 200;

/** Lists runs and configs. */
export const listRuns = modelTool({
  name: "salsa_listRuns",
  title: "List SALSA runs",
  description:
    "Lists the SALSA runs of the workspace, newest first: RLHF runs that train language models and compare PPO against references such as model soups. Tells each run's id, status, progress, stage, config file, device, tables, alarms, failure and headline win rate, and the run configs (*.salsa.json) that salsa_checkConfig and salsa_startRun take. Call this first to learn the ids that the other salsa tools take.",
  input: z.strictObject({
    limit: z.int().min(1).max(MOST).optional().describe(`Most runs to list; ${LIMIT} if left out.`),
  }),
  isReadOnly: true,
  call: async (host, { limit = LIMIT }) => {
    const [runs, configs] = await Promise.all([host.runs(), host.configs()]);
    return runsText(
      runs,
      configs.map(({ name }) => name),
      limit,
    );
  },
});
