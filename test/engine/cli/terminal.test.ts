import assert from "node:assert/strict";
import { type Interruptible, interruptible } from "../../../engine/cli/interrupt.ts";
import { formatNumber } from "../../../engine/cli/format.ts";
import { formatBytes, formatCount, formatDuration } from "../../../engine/common/format.ts";
import { processTerminal } from "../../../engine/cli/terminal.ts";
import { screen } from "./screen.ts";

const tty = { isTTY: true, columns: 90, write: () => true };
const pipe = { write: () => true };

describe("processTerminal", () => {
  for (const [what, streams, env, isInteractive, hasColor] of [
    ["a terminal", { stdout: tty, stderr: tty }, {}, true, true],
    ["a terminal with NO_COLOR", { stdout: tty, stderr: tty }, { NO_COLOR: "1" }, true, false],
    ["a terminal with an empty NO_COLOR", { stdout: tty, stderr: tty }, { NO_COLOR: "" }, true, true],
    ["a dumb terminal", { stdout: tty, stderr: tty }, { TERM: "dumb" }, false, false],
    ["a CI job", { stdout: tty, stderr: tty }, { CI: "true" }, false, false],
    ["piped results", { stdout: pipe, stderr: tty }, {}, true, false],
    ["pipes", { stdout: pipe, stderr: pipe }, {}, false, false],
  ] as const) {
    it(`on ${what} redraws: ${isInteractive}, colours: ${hasColor}`, () => {
      const terminal = processTerminal(streams, env);
      assert.deepEqual([terminal.isInteractive, terminal.hasColor], [isInteractive, hasColor]);
    });
  }

  it("takes a screen without a width for 80 columns", () => {
    assert.equal(processTerminal({ stdout: tty, stderr: { ...tty, columns: 0 } }, {}).columns, 80);
  });

  it("styles text only where colours are shown", () => {
    const [colored, plain] = [screen({ hasColor: true }), screen()];
    for (const terminal of [colored, plain]) terminal.err({ style: "red", text: "x" }, "y");
    assert.deepEqual([colored.stderr(), plain.stderr()], ["\x1b[31mx\x1b[0my", "xy"]);
  });
});

/** A command that can be interrupted, with what would reach its process. */
function listening(): {
  readonly listeners: ReadonlyMap<string, () => void>;
  readonly exits: readonly number[];
  readonly terminal: ReturnType<typeof screen>;
  readonly stopped: Interruptible;
} {
  const listeners = new Map<string, () => void>();
  const exits: number[] = [];
  const source = {
    on: (name: string, listener: () => void) => listeners.set(name, listener),
    exit: (code: number) => void exits.push(code),
  };
  const terminal = screen();
  return { listeners, exits, terminal, stopped: interruptible(source, terminal) };
}

describe("interruptible", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`asks for a stop at the first ${signal} and quits at the second`, () => {
      const { listeners, exits, terminal, stopped } = listening();
      listeners.get(signal)?.();
      assert.deepEqual([stopped.signal.aborted, exits], [true, []]);
      assert.match(terminal.stderr(), /Stopping after this step and saving; Ctrl-C again quits at once/);
      listeners.get(signal)?.();
      assert.deepEqual(exits, [130]);
    });

    it(`takes a ${signal} after a stop without one for the first`, () => {
      const { listeners, exits, terminal, stopped } = listening();
      stopped.stop();
      assert.deepEqual([stopped.signal.aborted, terminal.stderr()], [true, ""]);
      listeners.get(signal)?.();
      assert.deepEqual(exits, []);
      listeners.get(signal)?.();
      assert.deepEqual(exits, [130]);
    });
  }
});

describe("formats", () => {
  it("give durations as people say them", () => {
    const seconds = [0, 9.94, 9.96, 59.4, 59.6, 185, 3599.6, 7620];
    const words = ["0.0 s", "9.9 s", "10 s", "59 s", "1 min 00 s", "3 min 05 s", "1 h 00 min", "2 h 07 min"];
    assert.deepEqual(seconds.map(formatDuration), words);
  });

  it("give bytes in binary units", () => {
    assert.deepEqual([0, 1023, 1536, 2 ** 30, 2 ** 40].map(formatBytes), [
      "0 B",
      "1023 B",
      "1.5 KiB",
      "1.0 GiB",
      "1.0 TiB",
    ]);
  });

  it("give counts and measured numbers", () => {
    assert.deepEqual(
      [formatCount(861_312), formatNumber(54.321987), formatNumber(1.41e-5)],
      ["861,312", "54.32", "0.0000141"],
    );
  });
});
