import assert from "node:assert/strict";
import { diagnose } from "../../../engine/cli/diagnosis.ts";
import { readDoctorOutput, readPlanOutput, readPublishLine } from "../../../engine/protocol/toolOutput.ts";

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

describe("readPublishLine", () => {
  const files = [{ path: "README.md", bytes: 3, sha256: "a" }];
  const card = { kind: "card", card: "/c/README.md", edited: false, target: "me/x", public: false, files };

  it("takes the lines of publish, and no other", () => {
    const lines = [
      { ...card, unlisted: [], notes: [] },
      { kind: "upload", doneBytes: 1, totalBytes: 3, secondsLeft: 2 },
      { kind: "published", url: "https://hub/me/x", commit: "c", public: false, kept: [] },
    ];
    for (const line of lines) assert.deepEqual(readPublishLine(line), line);
    for (const other of [undefined, "x", card, { kind: "upload", doneBytes: "1" }, { kind: "error" }]) {
      assert.equal(readPublishLine(other), undefined);
    }
  });
});
