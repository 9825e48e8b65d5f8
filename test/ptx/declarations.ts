import { PtxError } from "./errors.ts";
import { number } from "./operands.ts";
import { sizeOf, type Variable } from "./ptx.ts";

/** Reads the declaration of a variable; `name` may rename it. */
export function declaration(statement: string, name = (written: string): string => written): Variable {
  const space = /\.(global|const|shared|local|param)\b/.exec(statement)?.[1] ?? "";
  const [left = "", right] = statement.split("=");
  const element = [...left.matchAll(/\.([busf]\d+|bf16x?2?|f16x2|pred)\b/g)][0]?.[1];
  const align = /\.align\s+(\d+)/.exec(left)?.[1];
  const declared = /([\w$%]+)\s*((?:\[\s*\d*\s*\]\s*)*)$/.exec(left.trim());
  if (element === undefined || declared === null || space === "") {
    throw new PtxError(`no declaration ${statement.slice(0, 60)}`);
  }
  const counts = [...(declared[2] ?? "").matchAll(/\[\s*(\d*)\s*\]/g)].map(([, count]) => Number(count));
  const each = sizeOf(element);
  const size = counts.reduce((product, count) => product * count, each);
  return {
    name: name(declared[1] ?? ""),
    space,
    align: align === undefined ? each : Number(align),
    size,
    initial: right === undefined ? null : initialiser(right, element, size),
  };
}

function initialiser(text: string, element: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const each = sizeOf(element);
  for (const [at, item] of text.replace(/[{}]/g, " ").split(",").entries()) {
    const operand = item.trim() === "" ? null : number(item.trim());
    if (operand === null) throw new PtxError(`no constant ${item.trim().slice(0, 40)}`);
    const value = operand.kind === "float" ? BigInt(`0x${operand.bits.slice(2)}`) : operand.value;
    if (each === 8) view.setBigUint64(at * 8, BigInt.asUintN(64, value), true);
    else for (let byte = 0; byte < each; byte++) bytes[at * each + byte] = Number((value >> BigInt(8 * byte)) & 255n);
  }
  return bytes;
}
