import assert from "node:assert/strict";
import { diagnose } from "../../../engine/cli/diagnosis.ts";
import { readDoctorOutput, readPlanOutput, readVerifyOutput } from "../../../engine/protocol/toolOutput.ts";

describe("readPlanOutput", () => {
  const limits = { maxBytes: 9 };
  const backend = { name: "wasm", title: "WebAssembly", device: "cpu", deviceName: "wasm", limits, reason: "auto" };
  const plan = { name: "demo", backend, stages: [], peakMemoryBytes: 1, secondsLeft: 0, sizes: {} };

  it("takes what our programs use of a plan", () => {
    const { sizes: _, ...used } = plan;
    assert.deepEqual(readPlanOutput(plan), used);
  });

  it("names what does not fit", () => {
    assert.throws(() => readPlanOutput({ ...plan, secondsLeft: -1 }), /read plan: .*at secondsLeft/s);
    assert.throws(() => readPlanOutput(undefined), { name: "MessageError" });
  });
});

describe("readDoctorOutput", () => {
  it("takes what doctor prints, and no other line", async () => {
    const printed: unknown = JSON.parse(JSON.stringify({ ok: true, findings: await diagnose("/") }));
    assert.deepEqual(readDoctorOutput(printed), printed);
    assert.equal(readDoctorOutput({ kind: "error", message: "no" }), undefined);
  });
});

describe("readVerifyOutput", () => {
  const artifact = { key: "sft-0123456789abcdef", stages: ["demo-1: sft-1"], state: "damaged", file: "f", defect: "d" };
  const output = { ok: false, artifacts: [artifact], affected: [], setAside: [] };

  it("takes what verify prints, and names what does not fit", () => {
    assert.deepEqual(readVerifyOutput(output), output);
    const odd = { ...output, artifacts: [{ ...artifact, state: "fine" }] };
    assert.throws(() => readVerifyOutput(odd), /read verify: .*at artifacts\[0\]\.state/s);
  });
});
