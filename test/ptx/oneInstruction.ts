import { launch } from "./blocks.ts";
import * as layout from "./layout.ts";
import { Machine } from "./machine.ts";
import { sizeOf } from "./ptx.ts";

const machine = new Machine();
const LANES = 32;
const NAMES = ["a", "b", "c", "e"];

/**
 * Runs one PTX instruction on every row of operands, each row in a lane of its own, and returns the bits of its results.
 *
 * @param code - An instruction, or several, from registers `%a`, `%b`, `%c` and `%e` to `%d`.
 * @param inputs - Types of the operands.
 * @param result - Type of the result.
 * @param rows - Bits of the operands.
 */
export function runInstruction(
  code: string,
  inputs: readonly string[],
  result: string,
  rows: readonly (readonly bigint[])[],
): bigint[] {
  const loads = inputs.map((type, at) =>
    type === "pred"
      ? `ld.global.u32 %word, [%from+${8 * at}]; setp.ne.u32 %${NAMES[at]!}, %word, 0;`
      : `ld.global.${plain(type)} %${NAMES[at]!}, [%from+${8 * at}];`,
  );
  const store =
    result === "pred"
      ? "selp.u32 %word, 1, 0, %d; st.global.u32 [%to], %word;"
      : `st.global.${plain(result)} [%to], %d;`;
  const ptx = `.version 7.8
.target sm_80
.address_size 64
.visible .entry one(.param .u64 one_0, .param .u64 one_1)
{
.reg .b64 %from, %to, %lane;
.reg .b32 %word, %t0, %t1;
.reg .pred %q;
.reg .${result} %d;
${inputs.map((type, at) => `.reg .${type} %${NAMES[at]!};`).join("\n")}
ld.param.u64 %from, [one_0]; ld.param.u64 %to, [one_1];
mov.u32 %word, %tid.x; cvt.u64.u32 %lane, %word;
shl.b64 %lane, %lane, 3; add.s64 %to, %to, %lane;
shl.b64 %lane, %lane, 2; add.s64 %from, %from, %lane;
${loads.join("\n")}
${code}
${store}
ret;
}`;
  const ready = machine.ready(machine.load(ptx), "one");
  const results: bigint[] = [];
  for (let at = 0; at < rows.length; at += LANES) results.push(...batch(ready, rows.slice(at, at + LANES), result));
  return results;
}

function plain(type: string): string {
  return type === "f32" || type === "f64" ? type : `b${8 * sizeOf(type)}`;
}

function batch(ready: ReturnType<Machine["ready"]>, rows: readonly (readonly bigint[])[], result: string): bigint[] {
  const { memory } = machine;
  const from = memory.allocate(LANES * 32)!;
  const to = memory.allocate(LANES * 8)!;
  const [source, target] = [Number(BigInt.asUintN(32, from)), Number(BigInt.asUintN(32, to))];
  memory.stamp(source, LANES * 32, layout.STAMPS.host);
  for (const [lane, row] of rows.entries()) {
    for (const [at, bits] of row.entries())
      memory.view.setBigUint64(source + lane * 32 + at * 8, BigInt.asUintN(64, bits), true);
  }
  const packed = new Uint8Array(16);
  new DataView(packed.buffer).setBigUint64(0, from, true);
  new DataView(packed.buffer).setBigUint64(8, to, true);
  launch(machine, ready, { grid: [1, 1, 1], block: [rows.length, 1, 1], sharedBytes: 0 }, packed);
  const width = 8 * (result === "pred" ? 1 : sizeOf(result));
  const out = rows.map((_, lane) => BigInt.asUintN(width, memory.view.getBigUint64(target + lane * 8, true)));
  memory.release(from);
  memory.release(to);
  return out;
}
