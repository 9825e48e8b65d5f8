import assert from "node:assert/strict";
import fc from "fast-check";
import { progressView } from "../../../engine/cli/progress.ts";
import type { EventBody, RunEvent } from "../../../engine/protocol/events.ts";
import { screen } from "./screen.ts";

let sequence = 0;
function at(time: number, body: EventBody): RunEvent {
  return { ...body, time, sequence: sequence++ };
}

const STAGE: Extract<EventBody, { kind: "stageStarted" }> = {
  kind: "stageStarted",
  stage: "sft-1",
  key: "k",
  name: "SFT",
  cached: false,
};
function step(n: number, total = 300): EventBody {
  return { kind: "progress", stage: "sft-1", step: n, total };
}

describe("progress on a screen", () => {
  it("redraws one line in place, with percent and time left", () => {
    const terminal = screen({ isInteractive: true, columns: 100 });
    const view = progressView(terminal);
    view.show(at(0, STAGE));
    view.show(at(1000, step(1)));
    view.show(at(2000, step(101)));
    const last = terminal.stderr().split("\r\x1b[2K").at(-1) ?? "";
    assert.match(last, /^ {2}SFT: sft-1 {2}█{8}░{16} +33 % {2}2\.0 s left$/);
    assert.ok(!terminal.stderr().includes("\n"));
  });

  it("leaves one line for a stage that is done, and a clean line at the end", () => {
    const terminal = screen({ isInteractive: true });
    const view = progressView(terminal);
    view.show(at(0, STAGE));
    view.show(at(1000, step(1)));
    view.show(at(3000, { kind: "stageFinished", stage: "sft-1", seconds: 3 }));
    view.close();
    assert.ok(terminal.stderr().endsWith("\r\x1b[2K✓ SFT: sft-1  3.0 s\n"));
  });

  it("leaves a line for a message, under its stage's name or on the whole run", () => {
    const terminal = screen({ isInteractive: true });
    const view = progressView(terminal);
    view.show(at(0, { kind: "note", message: "data: 95 of 4,000 pairs" }));
    view.show(at(0, STAGE));
    view.show(at(1, { kind: "note", stage: "sft-1", message: "the loss falls on …" }));
    const lines = terminal.stderr().replaceAll("\r\x1b[2K", "").split("\n");
    assert.equal(lines[0], "data: 95 of 4,000 pairs");
    assert.match(lines[1] ?? "", /sft-1: the loss falls on …$/);
  });

  it("draws at most ten times a second", () => {
    const terminal = screen({ isInteractive: true });
    const view = progressView(terminal);
    view.show(at(0, STAGE));
    for (let n = 1; n <= 1000; n++) view.show(at(n, step(n, 1000)));
    assert.equal(terminal.stderr().split("SFT: sft-1").length - 1, 10);
  });

  it("never writes a line wider than the screen", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.string({ maxLength: 100 }), (columns, name) => {
        const terminal = screen({ isInteractive: true, columns });
        const view = progressView(terminal);
        view.show(at(0, { ...STAGE, name: name.replace(/\p{Cc}/gu, "") }));
        view.show(at(1000, step(1)));
        const drawn = terminal.stderr();
        assert.ok(drawn.length < columns || columns === 1, drawn);
      }),
    );
  });

  it("shows a metric of the stage beside the bar, by its label", () => {
    const terminal = screen({ isInteractive: true, columns: 120 });
    const view = progressView(terminal);
    view.show(at(0, STAGE));
    view.show(at(900, { kind: "metrics", stage: "sft-1", step: 1, values: { "sft/loss": 1.23456 } }));
    view.show(at(1000, step(1)));
    assert.match(terminal.stderr(), /Loss 1\.235$/);
  });
});

describe("progress of a download", () => {
  const coming = (doneBytes: number): RunEvent =>
    at(0, { kind: "download", source: "hf:o/n@main", file: "a.parquet", doneBytes, totalBytes: 64 * 2 ** 20 });

  it("is a line that is overwritten on a screen, and stays once the file is there", () => {
    const terminal = screen({ isInteractive: true, columns: 100 });
    const view = progressView(terminal);
    view.show(coming(32 * 2 ** 20));
    assert.match(terminal.stderr(), / {2}hf:o\/n@main: a\.parquet, 3\d\S* MB of 6\d\S* MB$/);
    view.show(coming(64 * 2 ** 20));
    assert.match(terminal.stderr(), /hf:o\/n@main: a\.parquet, (6\d\S* MB) of \1\n$/);
  });

  it("is a line each time elsewhere", () => {
    const terminal = screen();
    const view = progressView(terminal);
    for (const done of [32, 64]) view.show(coming(done * 2 ** 20));
    assert.equal(terminal.stderr().trimEnd().split("\n").length, 2);
  });
});

describe("progress of a whole run", () => {
  const stages = ["base", "sft-1", "ppo"];
  const started = (work?: number[]): RunEvent =>
    at(0, {
      kind: "runStarted",
      run: "demo-1",
      name: "demo",
      device: "wasm, 2 threads",
      resumed: false,
      stages,
      ...(work === undefined ? {} : { work }),
    });

  it("says which stage of how many, and the time left in all at the pace so far", () => {
    const terminal = screen({ isInteractive: true, columns: 100 });
    const view = progressView(terminal);
    view.show(started([10, 2, 4]));
    view.show(at(0, { ...STAGE, stage: "base" }));
    view.show(at(10_000, { kind: "stageFinished", stage: "base", seconds: 10 })); // a unit of work takes a second
    view.show(at(10_000, STAGE));
    view.show(at(10_000, step(0)));
    view.show(at(11_000, step(150))); // half of 2 units, in a second
    const last = terminal.stderr().split("\n").at(-1) ?? "";
    assert.match(last, /^ {2}2\/3 SFT: sft-1 {2}█{12}░{12} +50 % {2}1\.0 s left, 5\.0 s in all$/);
    view.close();
    assert.match(terminal.stderr(), /✓ 1\/3 SFT: base {2}10 s\n/);
  });

  it("says what a run on a cluster with prices has cost so far", () => {
    const terminal = screen();
    const view = progressView(terminal);
    const { time: _time, sequence: _sequence, ...body } = started([0, 2, 0]);
    view.show(at(0, { ...body, price: { currency: "USD", perHour: [0, 3600, 0] } } as EventBody));
    view.show(at(0, STAGE));
    view.show(at(0, step(0)));
    view.show(at(20_000, step(100)));
    assert.match(terminal.stderr(), /40 s in all, 20\.00 USD so far\n$/);
  });

  it("counts no time for cached stages", () => {
    const terminal = screen();
    const view = progressView(terminal);
    view.show(started([0, 2, 0]));
    view.show(at(0, { ...STAGE, stage: "base", cached: true }));
    view.show(at(0, { kind: "stageFinished", stage: "base", seconds: 0 }));
    view.show(at(0, STAGE));
    view.show(at(0, step(0)));
    view.show(at(20_000, step(100)));
    assert.match(terminal.stderr(), /2\/3 SFT: sft-1 33 % \(100\/300\) {2}40 s left, 40 s in all\n$/);
  });

  it("keeps to the stage when the work of the run is not known", () => {
    const terminal = screen();
    const view = progressView(terminal);
    view.show(started());
    view.show(at(0, STAGE));
    view.show(at(0, step(0)));
    view.show(at(20_000, step(100)));
    assert.match(terminal.stderr(), /2\/3 SFT: sft-1 33 % \(100\/300\) {2}40 s left\n$/);
  });

  it("shortens the bar on a narrow screen, and leaves out what does not fit as a whole", () => {
    const terminal = screen({ isInteractive: true, columns: 70 });
    const view = progressView(terminal);
    view.show(started([1, 1, 1]));
    view.show(at(0, { ...STAGE, name: "Supervised fine-tuning" }));
    view.show(at(0, step(0)));
    view.show(at(1000, step(150)));
    assert.match(terminal.stderr(), /█{5}░{5} +50 % {2}1\.0 s left$/);
  });
});

describe("progress elsewhere", () => {
  it("is plain lines, one in ten seconds", () => {
    const terminal = screen();
    const view = progressView(terminal);
    view.show(at(0, STAGE));
    for (let n = 1; n <= 300; n++) view.show(at(n * 100, step(n)));
    view.show(at(30_100, { kind: "stageFinished", stage: "sft-1", seconds: 30.1 }));
    view.close();
    assert.equal(
      terminal.stderr(),
      [
        "SFT: sft-1 33 % (100/300)  20 s left",
        "SFT: sft-1 66 % (200/300)  10 s left",
        "SFT: sft-1 100 % (300/300)  0.0 s left",
        "done: SFT: sft-1  30 s",
        "",
      ].join("\n"),
    );
  });

  it("lists cached stages in one line, and alarms", () => {
    const terminal = screen();
    const view = progressView(terminal);
    for (const stage of ["base", "sft-1", "sft-2", "sft-3", "preferences", "reward"]) {
      view.show(at(0, { ...STAGE, stage, cached: true }));
      view.show(at(0, { kind: "stageFinished", stage, seconds: 0 }));
    }
    view.show(at(1, { kind: "alarm", stage: "ppo", step: 4, name: "negativeKl", message: "KL is -2: raise beta" }));
    assert.deepEqual(terminal.stderr().split("\n"), [
      "done: cached: base, sft-1, sft-2, sft-3 and 2 more",
      "warning: ppo, step 4: KL is -2: raise beta",
      "",
    ]);
  });
});
