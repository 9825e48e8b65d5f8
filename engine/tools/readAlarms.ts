import * as z from "zod";
import { type AlarmEntry, describeAlarm, kindsOf, seenOf } from "../protocol/alarms.ts";
import type { AlarmState } from "../protocol/runState.ts";
import { findRun } from "./findRun.ts";
import { fitting } from "./fitting.ts";
import { runName } from "./inputs.ts";
import { modelTool } from "./tool.ts";

/** Reads alarms, with what they may mean. */
export const readAlarms = modelTool({
  name: "salsa_readAlarms",
  title: "Read SALSA alarms",
  description:
    "Reads the alarms of a SALSA run, newest first: what was seen, at which stage and step, what it may mean (reward hacking, collapsing responses, gibberish, damaged files and so on), which curves show it, and what to try, with the settings of the run config to change. Use it to explain why a training went wrong and to suggest changes of its config.",
  input: z.strictObject({ run: runName }),
  isReadOnly: true,
  call: async (host, { run: named }, budget) => {
    const { folder, id, status } = findRun(await host.runs(), named);
    const { alarms, stages } = await host.request("outline", { folder });
    if (alarms.length === 0) return `${id} is ${status}. It has raised no alarm.`;
    const parts = [...alarms].reverse().map(alarmText);
    const explained = [...new Set(alarms.map(({ name }) => name))].map((name) => {
      const own = alarms.filter((one) => one.name === name);
      return explanation(describeAlarm(name, kindsOf(own, stages)));
    });
    const head = `${id} is ${status}. It has raised ${alarms.length} alarms. ${explained.join(" ")}`;
    return fitting(parts, { ...budget, head, rest: (n) => `${n} older alarms do not fit.` });
  },
});

function alarmText(alarm: AlarmState): string {
  const { label } = describeAlarm(alarm.name);
  return `- ${label} (${alarm.name}) in ${alarm.stage} at step ${alarm.step}: ${seenOf(alarm)}`;
}

function explanation({ name, label, why, actions, metrics }: AlarmEntry): string {
  if (why === "") return "";
  const tries = actions.map(({ text, settings }) =>
    settings.length === 0 ? text : `${text} (${settings.join(", ")})`,
  );
  const shown = metrics.length === 0 ? "" : ` Curves: ${metrics.join(", ")}.`;
  return `${label} (${name}): ${why} To try: ${tries.join("; ")}.${shown}`;
}
