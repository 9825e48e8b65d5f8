import assert from "node:assert/strict";
import type { AlarmState } from "../../../engine/protocol/runState.ts";
import { alarmGroups } from "../../../webview/alarms/groups.ts";
import { stageState } from "../../engine/protocol/stageStates.ts";

describe("alarms by kind", () => {
  it("begin with the kind of the newest, and are newest first", () => {
    const alarms = [alarm("gibberish", 1), alarm("lengthCollapse", 2), alarm("gibberish", 3)];
    const groups = alarmGroups({ status: "finished", stages: [], alarms, updatedAt: 9 }, 10);
    assert.deepEqual(
      groups.map(({ entry, alarms: ofKind }) => [entry.name, ...ofKind.map(({ time }) => time)]),
      [
        ["gibberish", 3, 1],
        ["lengthCollapse", 2],
      ],
    );
  });

  it("keep one that this version does not know", () => {
    const [group] = alarmGroups({ status: "finished", stages: [], alarms: [alarm("moonPhase", 1)], updatedAt: 9 }, 10);
    assert.equal(group?.entry.label, "moonPhase");
  });

  it("have one more when a run that says it works has long been silent", () => {
    const stage = stageState("ppo", { title: "RLHF", status: "running", step: 12, total: 60, startedAt: 0 });
    const run = { status: "running" as const, stages: [stage], alarms: [], updatedAt: 12_000 };
    assert.deepEqual(alarmGroups(run, 20_000), []);
    const [group] = alarmGroups(run, 3_600_000);
    assert.deepEqual([group?.entry.name, group?.alarms[0]?.step], ["stalled", 12]);
  });
});

function alarm(name: string, time: number): AlarmState {
  return { stage: "ppo", step: time, name, message: "seen", time };
}
