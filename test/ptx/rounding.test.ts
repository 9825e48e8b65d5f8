import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInstruction } from "./oneInstruction.ts";

const CASES = JSON.parse(readFileSync(join(import.meta.dirname, "rounding.json"), "utf8")) as Readonly<
  Record<string, readonly (readonly string[])[]>
>;

describe("ptx: floats are rounded once, as fractions rounded once say", () => {
  for (const [opcode, rows] of Object.entries(CASES)) {
    it(opcode, () => {
      const types = opcode.split(".").filter((part) => /^(bf|f)\d/.test(part));
      const [result = "f32", operand = result] = types;
      const register = (type: string): string => (type.endsWith("16") ? "b16" : type);
      const count = rows[0]!.length - 1;
      const code = `${opcode} %d, ${["%a", "%b", "%c"].slice(0, count).join(", ")};`;
      const inputs = Array.from({ length: count }, () => register(operand));
      const operands = rows.map((row) => row.slice(0, count).map((bits) => BigInt(`0x${bits}`)));
      const results = runInstruction(code, inputs, register(result), operands);
      const wrong = rows.filter((row, at) => results[at] !== BigInt(`0x${row.at(-1)!}`));
      assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${rows.length}`);
    });
  }
});
