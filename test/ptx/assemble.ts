/** WebAssembly's types of values, by their byte in the binary format. */
const TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** A type of WebAssembly's values. */
export type WasmType = keyof typeof TYPES;

/** A function in the postfix text that {@link assemble} reads. */
export interface WasmFunction {
  readonly name: string;
  readonly params: readonly (readonly [name: string, type: WasmType])[];
  readonly result: WasmType | null;
  readonly locals: ReadonlyMap<string, WasmType>;
  readonly body: string;
}

/** A function that JavaScript gives to the module. */
export interface WasmImport {
  readonly name: string;
  readonly params: readonly WasmType[];
  readonly result: WasmType | null;
}

/**
 * Bytes of a WebAssembly module whose functions are written as postfix text, one token an instruction:
 * `$x` reads a local, `=x` sets it, `&x` sets and keeps it; `5` and `5L` are constants of 32 and 64 bits, `0f3F800000` and
 * `0d3FF0000000000000` floats by their bits as PTX writes them; `call:name`; `i32.load@8` with an offset; `block`, `loop`,
 * `if:i32`, `br:1`. It imports `env.memory` and exports every function.
 *
 * Source of the binary format: WebAssembly core specification 2.0, chapter 5.
 *
 * @throws Error for a token that it does not know.
 */
export function assemble(
  functions: readonly WasmFunction[],
  imports: readonly WasmImport[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const index = new Map([...imports, ...functions].map(({ name }, at) => [name, at]));
  const signatures = [
    ...imports.map(({ params, result }) => signature(params, result)),
    ...functions.map(({ params, result }) =>
      signature(
        params.map(([, type]) => type),
        result,
      ),
    ),
  ];
  const types = [...new Set(signatures.map((bytes) => bytes.join()))];
  const typeOf = new Map(types.map((key, at) => [key, at]));
  const typeIndex = signatures.map((bytes) => unsigned(typeOf.get(bytes.join()) ?? 0));
  const memory = [...text("env"), ...text("memory"), 2, 1, ...unsigned(pages), ...unsigned(pages)];
  const module = [
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, types.map((key) => key.split(",").map(Number))),
    ...section(2, [memory, ...imports.map(({ name }, at) => [...text("env"), ...text(name), 0, ...typeIndex[at]!])]),
    ...section(3, typeIndex.slice(imports.length)),
    ...section(7, functions.map(({ name }, at) => [...text(name), 0, ...unsigned(imports.length + at)])),
  ]; // prettier-ignore
  const bodies = functions.map((declared) => code(declared, index));
  const size = bodies.reduce((sum, body) => sum + body.length, 0);
  const count = unsigned(bodies.length);
  const head = [...module, 10, ...unsigned(count.length + size), ...count];
  const bytes = new Uint8Array(head.length + size);
  bytes.set(head);
  let at = head.length;
  for (const body of bodies) {
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

function signature(params: readonly WasmType[], result: WasmType | null): number[] {
  return [0x60, params.length, ...params.map((type) => TYPES[type]), ...(result === null ? [0] : [1, TYPES[result]])];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(content.length), ...content];
}

function text(value: string): number[] {
  const bytes = Buffer.from(value);
  return [...unsigned(bytes.length), ...bytes];
}

function code(declared: WasmFunction, functions: ReadonlyMap<string, number>): Uint8Array {
  const locals = new Map<string, number>();
  for (const [name] of declared.params) locals.set(name, locals.size);
  for (const name of declared.locals.keys()) locals.set(name, locals.size);
  const out: number[] = [...unsigned(declared.locals.size)];
  for (const type of declared.locals.values()) out.push(1, TYPES[type]);
  const find = (from: ReadonlyMap<string, number>, name: string): readonly number[] => {
    const at = from.get(name);
    if (at === undefined) throw new Error(`${declared.name}: nothing is called ${name}`);
    return unsigned(at);
  };
  /** Tokens of this function whose bytes depend on it. */
  const own = new Map<string, readonly number[]>();
  const bytesOf = (token: string): readonly number[] => {
    const local = LOCAL[token[0]!];
    if (local !== undefined) return [local, ...find(locals, token.slice(1))];
    if (token.startsWith("call:")) return [0x10, ...find(functions, token.slice(5))];
    const known = KNOWN.get(token);
    if (known !== undefined) return known;
    const bytes = encode(token, declared.name);
    KNOWN.set(token, bytes);
    return bytes;
  };
  for (const [token] of declared.body.matchAll(/\S+/g)) {
    let bytes = own.get(token);
    if (bytes === undefined) own.set(token, (bytes = bytesOf(token)));
    for (const byte of bytes) out.push(byte);
  }
  out.push(0x0b);
  const size = unsigned(out.length);
  const whole = new Uint8Array(size.length + out.length);
  whole.set(size);
  whole.set(out, size.length);
  return whole;
}

const LOCAL: Readonly<Record<string, number>> = { $: 0x20, "=": 0x21, "&": 0x22 };
/** Bytes of the tokens that are the same in every function. */
const KNOWN = new Map<string, readonly number[]>();

function encode(token: string, where: string): readonly number[] {
  if (/^-?\d+$/.test(token)) return [0x41, ...signed(BigInt.asIntN(32, BigInt(token)))];
  if (/^-?\d+L$/.test(token)) return [0x42, ...signed(BigInt.asIntN(64, BigInt(token.slice(0, -1))))];
  if (/^0[fF][\da-fA-F]{8}$/.test(token)) return [0x43, ...littleEndian(token.slice(2))];
  if (/^0[dD][\da-fA-F]{16}$/.test(token)) return [0x44, ...littleEndian(token.slice(2))];
  const [, name = token, mark, argument = ""] = /^([^:@]+)([:@])(.+)$/.exec(token) ?? [];
  const opcode = OPCODES.get(name);
  if (opcode === undefined) throw new Error(`${where}: no WebAssembly instruction ${token}`);
  if (name === "block" || name === "loop" || name === "if") {
    return [...opcode, mark === undefined ? 0x40 : TYPES[argument as WasmType]];
  }
  if (name === "br" || name === "br_if") return [...opcode, ...unsigned(Number(argument))];
  if (/\.(load|store)/.test(name)) return [...opcode, 0, ...unsigned(mark === undefined ? 0 : Number(argument))];
  return opcode;
}

function littleEndian(hex: string): number[] {
  return [...Buffer.from(hex, "hex").reverse()];
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && byte < 64) || (rest === -1n && byte >= 64)) return [...bytes, byte];
    bytes.push(byte + 128);
  }
}

/** Instructions in the order of their opcodes, from the first on. */
const RUNS: readonly (readonly [first: number, names: string])[] = [
  [0x00, "unreachable nop block loop if else"],
  [0x0b, "end br br_if"],
  [0x0f, "return"],
  [0x1a, "drop select"],
  [0x28, "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u"],
  [0x30, "i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u"],
  [0x36, "i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32"],
  [0x45, "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u"],
  [0x50, "i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u"],
  [0x5b, "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge"],
  [0x67, "i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u"],
  [0x71, "i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr"],
  [0x79, "i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u"],
  [0x83, "i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr"],
  [0x8b, "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt"],
  [0x92, "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign"],
  [0x99, "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt"],
  [0xa0, "f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign"],
  [0xa7, "i32.wrap_i64"],
  [0xac, "i64.extend_i32_s i64.extend_i32_u"],
  [0xb2, "f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64"],
  [0xb7, "f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32"],
  [0xbc, "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64"],
  [0xc0, "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s"],
];

/** Instructions of two bytes or more: saturating conversions, and the few of SIMD that look at four bytes' shadows. */
const PREFIXED: readonly (readonly [name: string, ...bytes: number[]])[] = [
  ["i32.trunc_sat_f32_s", 0xfc, 0],
  ["i32.trunc_sat_f32_u", 0xfc, 1],
  ["i32.trunc_sat_f64_s", 0xfc, 2],
  ["i32.trunc_sat_f64_u", 0xfc, 3],
  ["i64.trunc_sat_f32_s", 0xfc, 4],
  ["i64.trunc_sat_f32_u", 0xfc, 5],
  ["i64.trunc_sat_f64_s", 0xfc, 6],
  ["i64.trunc_sat_f64_u", 0xfc, 7],
  ["v128.load", 0xfd, 0],
  ["v128.load32_splat", 0xfd, 9],
  ["v128.load64_splat", 0xfd, 10],
  ["v128.store", 0xfd, 11],
  ["i32x4.splat", 0xfd, 17],
  ["i32x4.eq", 0xfd, 0x37],
  ["i32x4.lt_u", 0xfd, 0x3a],
  ["v128.and", 0xfd, 0x4e],
  ["v128.or", 0xfd, 0x50],
  ["i32x4.all_true", 0xfd, 0xa3, 1],
  ["i32x4.sub", 0xfd, 0xb1, 1],
  ["f64x2.add", 0xfd, 0xf0, 1],
  ["f64x2.mul", 0xfd, 0xf2, 1],
];

const OPCODES = new Map<string, readonly number[]>([
  ...RUNS.flatMap(([first, names]) => names.split(" ").map((name, at) => [name, [first + at]] as const)),
  ...PREFIXED.map(([name, ...bytes]) => [name, bytes] as const),
]);
