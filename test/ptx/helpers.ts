import type { WasmFunction, WasmImport, WasmType } from "./assemble.ts";
import { define, word } from "./define.ts";
import { MULTIPLY } from "./fragments.ts";
import * as layout from "./layout.ts";
import { SHADOW_HELPERS } from "./shadowHelpers.ts";

/** Functions that JavaScript gives to every module: those that are rare, and all that end in an error. */
export const IMPORTS: readonly WasmImport[] = [
  imported("badAddress", "i64 i32 i32 i32 -> "),
  imported("readSlow", "i32 i32 i32 i32 -> "),
  imported("constant", "i32 i32 i32 i32 -> "),
  imported("writeSlow", "i32 i32 i32 i32 -> "),
  imported("atomic32", "i32 i32 i32 i32 i32 i32 -> i32"),
  imported("atomic64", "i32 i32 i64 i64 i32 i32 -> i64"),
  imported("copyAsync", "i32 i32 i32 i32 i32 i32 -> "),
  imported("commitAsync", "i32 -> "),
  imported("waitAsync", "i32 i32 i32 -> "),
  imported("trap", "i32 i32 -> "),
  imported("bfe", "i32 i32 i32 i32 -> i32"),
  imported("bfe64", "i64 i32 i32 i32 -> i64"),
  imported("bfi", "i32 i32 i32 i32 -> i32"),
  imported("bfi64", "i64 i64 i32 i32 -> i64"),
  imported("brev", "i32 -> i32"),
  imported("brev64", "i64 -> i64"),
  imported("bfind", "i32 i32 -> i32"),
  imported("prmt", "i32 i32 i32 -> i32"),
  imported("dp4a", "i32 i32 i32 i32 -> i32"),
  imported("directed", "f64 i32 -> f32"),
  imported("fma64", "f64 f64 f64 -> f64"),
  imported("half", "f64 i32 -> i32"),
  imported("ofHalf", "i32 -> f32"),
  imported("brain", "f64 i32 -> i32"),
  imported("approx", "f32 i32 -> f32"),
];

function imported(name: string, types: string): WasmImport {
  const [params = "", result = ""] = types.split("->").map((side) => side.trim());
  return { name, params: params.split(" ") as WasmType[], result: result === "" ? null : (result as WasmType) };
}

/** Linear addresses of global, shared, local and generic ones; the last two arguments are for the error. */
const ADDRESSES = [
  define(
    "global",
    "a:i64 width:i32 stamp:i32 pc:i32 -> i32",
    { l: "i32" },
    `$a 32L i64.shr_u ${layout.WINDOWS.global}L i64.ne
     $a i32.wrap_i64 &l ${layout.GLOBAL} i32.sub ${layout.HEAP_SIZE - (layout.GLOBAL - layout.HEAP) - 16} i32.ge_u i32.or
     $l $width 1 i32.sub i32.and i32.or
     if $a $width $stamp $pc call:badAddress end $l`,
  ),
  define(
    "shared",
    "a:i32 width:i32 stamp:i32 pc:i32 -> i32",
    {},
    `$a ${layout.SHARED_START + layout.SHARED_LIMIT} i32.ge_u $a $width 1 i32.sub i32.and i32.or
     if $a i64.extend_i32_u ${layout.WINDOWS.shared}L 32L i64.shl i64.or $width $stamp $pc call:badAddress end
     $a ${layout.SHARED} i32.add`,
  ),
  define(
    "local",
    "a:i32 width:i32 stamp:i32 pc:i32 base:i32 -> i32",
    {},
    `$a ${word("localSize")} i32.ge_u $a $width i32.add ${word("localSize")} i32.gt_u i32.or
     $a $width 1 i32.sub i32.and i32.or
     if $a i64.extend_i32_u ${layout.WINDOWS.local}L 32L i64.shl i64.or $width $stamp $pc call:badAddress end
     $base $stamp 31 i32.and ${word("localSize")} i32.mul i32.add $a i32.add`,
  ),
  define(
    "generic",
    "a:i64 width:i32 stamp:i32 pc:i32 base:i32 -> i32",
    {},
    `$a 32L i64.shr_u ${layout.WINDOWS.shared}L i64.eq
     if $a i32.wrap_i64 $width $stamp $pc call:shared return end
     $a 32L i64.shr_u ${layout.WINDOWS.local}L i64.eq
     if $a i32.wrap_i64 $width $stamp $pc $base call:local return end
     $a $width $stamp $pc call:global`,
  ),
];

/** Arithmetic that WebAssembly has no instruction for. */
const ARITHMETIC = [
  // The sum of two doubles, rounded to odd: rounding it once more to at most 51 bits gives the sum's own rounding (Boldo
  // and Melquiond 2008, "Emulation of FMA and correctly rounded sums", theorem 1). The error is that of Knuth's TwoSum.
  define(
    "sumOdd",
    "x:f64 y:f64 -> f64",
    { s: "f64", b: "f64", error: "f64" },
    `$x $y f64.add &s $x f64.sub =b
     $x $s $b f64.sub f64.sub $y $b f64.sub f64.add =error
     $error 0d0000000000000000 f64.lt $error 0d0000000000000000 f64.gt i32.or i32.eqz if $s return end
     $s i64.reinterpret_f64 1L i64.and i32.wrap_i64 if $s return end
     $s i64.reinterpret_f64
     $error 0d0000000000000000 f64.gt $s 0d0000000000000000 f64.gt i32.eq if:i64 1L else -1L end
     i64.add f64.reinterpret_i64`,
  ),
  define("flush", "x:f32 -> f32", {}, `$x f32.abs 0f00800000 f32.lt if:f32 0f00000000 $x f32.copysign else $x end`),
  define(
    "saturate",
    "x:f32 -> f32",
    {},
    `$x $x f32.ne if:f32 0f00000000 else $x 0f00000000 f32.max 0f3F800000 f32.min end`,
  ),
  ...(["f32", "f64"] as const).flatMap((type) =>
    (["min", "max"] as const).map((name) =>
      // The number, where one of both is none.
      define(
        `${name}Number_${type}`,
        `a:${type} b:${type} -> ${type}`,
        {},
        `$a $a ${type}.ne if $b return end $b $b ${type}.ne if $a return end $a $b ${type}.${name}`,
      ),
    ),
  ),
  // bf16 of a float, to nearest even; of what is no number, the one that the manual names canonical.
  define(
    "brainOf",
    "x:f32 -> i32",
    { bits: "i32" },
    `$x $x f32.ne if 32767 return end
     $x i32.reinterpret_f32 &bits $bits 16 i32.shr_u 1 i32.and i32.add 32767 i32.add 16 i32.shr_u`,
  ),
  define(
    "highProduct",
    "a:i64 b:i64 -> i64",
    { al: "i64", ah: "i64", bl: "i64", bh: "i64", middle: "i64", other: "i64" },
    `$a 4294967295L i64.and =al $a 32L i64.shr_u =ah $b 4294967295L i64.and =bl $b 32L i64.shr_u =bh
     $ah $bl i64.mul $al $bl i64.mul 32L i64.shr_u i64.add =middle
     $al $bh i64.mul $middle 4294967295L i64.and i64.add =other
     $ah $bh i64.mul $middle 32L i64.shr_u i64.add $other 32L i64.shr_u i64.add`,
  ),
  ...(["i32", "i64"] as const).flatMap((type) => {
    const [zero, ones, low] = type === "i32" ? ["0", "-1", "-2147483648"] : ["0L", "-1L", "-9223372036854775808L"];
    // A division by zero, whose result the manual leaves open, gives all ones.
    return [
      define(`div_u_${type}`, `a:${type} b:${type} -> ${type}`, {},
        `$b ${type}.eqz if:${type} ${ones} else $a $b ${type}.div_u end`),
      define(`rem_u_${type}`, `a:${type} b:${type} -> ${type}`, {},
        `$b ${type}.eqz if:${type} ${ones} else $a $b ${type}.rem_u end`),
      define(`div_s_${type}`, `a:${type} b:${type} -> ${type}`, {},
        `$b ${type}.eqz if ${ones} return end
         $b ${ones} ${type}.eq $a ${low} ${type}.eq i32.and if $a return end $a $b ${type}.div_s`),
      define(`rem_s_${type}`, `a:${type} b:${type} -> ${type}`, {},
        `$b ${type}.eqz if ${ones} return end $b ${ones} ${type}.eq if ${zero} return end $a $b ${type}.rem_s`),
    ]; // prettier-ignore
  }),
];

/** Functions that go into every module, before a kernel's own. */
export const HELPERS: readonly WasmFunction[] = [...SHADOW_HELPERS, MULTIPLY, ...ADDRESSES, ...ARITHMETIC];
