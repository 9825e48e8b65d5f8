import type { WasmFunction } from "./assemble.ts";
import { define, word } from "./define.ts";
import * as layout from "./layout.ts";

/** Bytes that one access may move. */
const WIDTHS = [1, 2, 4, 8, 16] as const;
/** Offsets that make a linear address times four that of its stamps. */
const WRITTEN = layout.WRITTEN - 4 * layout.HEAP;
const READ = layout.READ - 4 * layout.HEAP;
const THREAD = layout.THREADS.several;

/** Bytes at which stamps are looked at, four at a time. */
const chunks = (width: number): number[] => Array.from({ length: Math.max(1, width / 4) }, (_, at) => 4 * at);
const bytes = (width: number): number[] => Array.from({ length: Math.min(width, 4) }, (_, at) => at);

/** Four stamps; of fewer bytes, the same ones again. */
function load(width: number, at: number): string {
  const name = width === 1 ? "v128.load32_splat" : width === 2 ? "v128.load64_splat" : "v128.load";
  return `$at ${name}@${at}`;
}

/** Stores one stamp for each byte of a chunk. */
function store(width: number, at: number, stamp: string): string {
  if (width === 1) return `$at ${stamp} i32.store@${at}`;
  if (width > 2) return `$at ${stamp} i32x4.splat v128.store@${at}`;
  return `$at ${stamp} i32.store@${at} $at ${stamp} i32.store@${at + 4}`;
}

const storeAll = (width: number, at: number, stamp: string): string =>
  chunks(width).map((byte) => store(width, at + 4 * byte, stamp)).join(" "); // prettier-ignore

/** 1 if the stamps of all bytes are the same as the first, which is left in `$w`. */
function alike(width: number, at: number): string {
  const equal = chunks(width).map((byte, index) => `${load(width, at + 4 * byte)} $w i32x4.splat i32x4.eq${index === 0 ? "" : " v128.and"}`); // prettier-ignore
  return `$at i32.load@${at} =w ${equal.join(" ")} i32x4.all_true`;
}

/** 1 if one stamp is older than this launch, or this block's from before its last barrier, or the thread's own. */
const fine = (first: number): string => `
  $w ${first} i32.sub ${word("launchStart")} ${first} i32.sub i32.lt_u
  $w ${word("blockStart")} i32.sub ${word("barrierStart")} ${word("blockStart")} i32.sub i32.lt_u i32.or
  $w $stamp i32.eq i32.or`;

/** The same of each of the four in `$v`, but for the thread's own. */
const ordered = (first: number): string => `
  $v ${first} i32x4.splat i32x4.sub ${word("launchStart")} ${first} i32.sub i32x4.splat i32x4.lt_u
  $v ${word("blockStart")} i32x4.splat i32x4.sub
  ${word("barrierStart")} ${word("blockStart")} i32.sub i32x4.splat i32x4.lt_u v128.or`;

const OWN = "$v $stamp i32x4.splat i32x4.eq";
const LOCALS = { at: "i32", w: "i32", n: "i32", v: "v128" } as const;
const ACCESS = "a:i32 stamp:i32 pc:i32 -> ";

/**
 * Checks that a thread may read some bytes, and leaves its stamp: they are allocated, written, and by nobody since the last
 * barrier but the thread itself. Mostly one stamp stands for all of them; where it does not, they are looked at in fours,
 * and what is not plainly so, byte by byte in JavaScript.
 */
function reading(width: number): readonly WasmFunction[] {
  const readInFours = chunks(width).map((byte) => `
    ${load(width, WRITTEN + 4 * byte)} =v ${ordered(layout.STAMPS.host)} ${OWN} v128.or i32x4.all_true i32.eqz
    if $a ${byte} i32.add ${Math.min(width, 4)} $stamp $pc call:readSlow end`); // prettier-ignore
  const markInFours = chunks(width).map((byte) => `
    ${load(width, READ + 4 * byte)} =v ${OWN} i32x4.all_true i32.eqz if
      ${ordered(0)} i32x4.all_true if ${store(width, READ + 4 * byte, "$stamp")}
      else $v ${word("launchStart")} i32x4.splat i32x4.eq i32x4.all_true i32.eqz if
        ${bytes(width).map((one) => `$at ${4 * (byte + one)} i32.add $stamp call:mark`).join(" ")}
      end end
    end`); // prettier-ignore
  return [
    define(`readInFours${width}`, ACCESS, LOCALS, `$a 2 i32.shl =at ${readInFours.join("\n")}`),
    define(`markInFours${width}`, ACCESS, LOCALS, `$a 2 i32.shl =at ${markInFours.join("\n")}`),
    define(
      `reading${width}`,
      ACCESS,
      LOCALS,
      `$a 2 i32.shl =at
       ${alike(width, WRITTEN)} if:i32 ${fine(layout.STAMPS.host)} else 0 end i32.eqz
       if $a $stamp $pc call:readInFours${width} end
       ${alike(width, READ)} if
         $w $stamp i32.ne $w ${word("launchStart")} i32.ne i32.and if
           $w $stamp call:merged &n $w i32.ne if ${storeAll(width, READ, "$n")} end
         end
       else $a $stamp $pc call:markInFours${width} end`,
    ),
  ];
}

/** Checks that a thread may write some bytes, and leaves its stamp: nobody else has touched them since the last barrier. */
function writing(width: number): readonly WasmFunction[] {
  const inFours = chunks(width).map((byte) => `
    ${load(width, WRITTEN + 4 * byte)} =v ${ordered(layout.STAMPS.unwritten)} ${OWN} v128.or
    ${load(width, READ + 4 * byte)} =v ${ordered(0)} ${OWN} v128.or
    v128.and i32x4.all_true i32.eqz
    if $a ${byte} i32.add ${Math.min(width, 4)} $stamp $pc call:writeSlow end`); // prettier-ignore
  return [
    define(`writeInFours${width}`, ACCESS, LOCALS, `$a 2 i32.shl =at ${inFours.join("\n")}`),
    define(
      `writing${width}`,
      ACCESS,
      LOCALS,
      `$a 2 i32.shl =at
       ${alike(width, WRITTEN)} if:i32 ${fine(layout.STAMPS.unwritten)} else 0 end
       ${alike(width, READ)} if:i32 ${fine(0)} else 0 end
       i32.and i32.eqz if $a $stamp $pc call:writeInFours${width} end
       ${storeAll(width, WRITTEN, "$stamp")}`,
    ),
  ];
}

/** The stamp of a byte's readers after one more: the thread, its warp's lanes, or several warps. */
const MERGED = define(
  "merged",
  "r:i32 stamp:i32 -> i32",
  { old: "i32", warp: "i32" },
  `$r ${word("launchStart")} i32.lt_u
   $r ${word("blockStart")} i32.sub ${word("barrierStart")} ${word("blockStart")} i32.sub i32.lt_u i32.or
   if $stamp return end
   $r ${word("blockStart")} i32.lt_u if ${word("launchStart")} return end
   $r ${THREAD} i32.and &old ${THREAD} i32.eq if $r return end
   $old ${layout.THREADS.warp} i32.lt_u if:i32 $old 5 i32.shr_u else $old ${layout.THREADS.warp} i32.sub end =warp
   $warp $stamp ${THREAD} i32.and 5 i32.shr_u i32.ne if $stamp ${THREAD} i32.or return end
   $old $stamp ${THREAD} i32.and i32.eq $r ${word("warpStart")} i32.lt_u i32.or if $stamp return end
   $stamp ${~THREAD} i32.and $warp ${layout.THREADS.warp} i32.add i32.or`,
);

const MARK = define(
  "mark",
  "at:i32 stamp:i32 -> ",
  {},
  `$at $at i32.load@${READ} $stamp call:merged i32.store@${READ}`,
);

/** Functions that check accesses and leave stamps: `reading4`, `writing16` … */
export const SHADOW_HELPERS: readonly WasmFunction[] = [
  MERGED,
  MARK,
  ...WIDTHS.flatMap((width) => [...reading(width), ...writing(width)]),
];
