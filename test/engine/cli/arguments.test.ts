import assert from "node:assert/strict";
import {
  numberListOption,
  numberOption,
  readArguments,
  switchOption,
  textOption,
} from "../../../engine/cli/arguments.ts";
import type { Arguments, Command } from "../../../engine/cli/command.ts";

const COMMAND: Command = {
  name: "try",
  summary: "",
  details: [],
  positionals: [{ name: "FILE", description: "A file", number: "several" }],
  options: {
    alpha: { value: "A", description: "" },
    out: { value: "FILE", short: "o", description: "" },
    fast: { description: "" },
  },
  examples: [],
  run: () => Promise.resolve(0),
};

function read(...argv: string[]): Arguments {
  return readArguments(COMMAND, argv);
}

describe("readArguments", () => {
  it("takes options before, between and after arguments", () => {
    const args = read("--fast", "a", "--out=x", "b", "--alpha", "0.5");
    assert.deepEqual(args.positionals, ["a", "b"]);
    assert.deepEqual(
      [switchOption(args, "fast"), textOption(args, "out"), numberOption(args, "alpha")],
      [true, "x", 0.5],
    );
  });

  it("takes short options, and what follows -- as arguments", () => {
    const args = read("-o", "x", "--", "--fast");
    assert.deepEqual([textOption(args, "out"), args.positionals, switchOption(args, "fast")], ["x", ["--fast"], false]);
  });

  it("takes a negative number for an option's value", () => {
    assert.equal(numberOption(read("a", "--alpha", "-0.5"), "alpha"), -0.5);
    assert.deepEqual(numberListOption(read("a", "--alpha", "-0.5,1.5"), "alpha"), [-0.5, 1.5]);
  });

  it("refuses a missing value, and a value for a switch", () => {
    assert.throws(() => read("a", "--alpha"), { name: "UsageError", message: "--alpha needs a value: --alpha A" });
    assert.throws(() => read("a", "--fast=yes"), { name: "UsageError", message: /--fast is a switch/ });
  });

  it("does not ask for arguments beside --help", () => {
    assert.deepEqual(read("--help").positionals, []);
  });
});

describe("numberOption", () => {
  for (const text of ["", "x", "1e999", "NaN", "0.5.5"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => numberOption(read("a", `--alpha=${text}`), "alpha"), {
        name: "UsageError",
        message: /must be a number/,
      });
    });
  }

  it("refuses what is out of range or no whole number", () => {
    const args = read("a", "--alpha", "2.5");
    assert.throws(() => numberOption(args, "alpha", { most: 1 }), { message: "--alpha: must be at most 1, got 2.5" });
    assert.throws(() => numberOption(args, "alpha", { least: 3 }), { message: "--alpha: must be at least 3, got 2.5" });
    assert.throws(() => numberOption(args, "alpha", { isWhole: true }), { message: /whole number/ });
  });
});
