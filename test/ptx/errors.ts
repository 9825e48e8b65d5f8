/** PTX that the interpreter cannot read or run. */
export class PtxError extends Error {
  override readonly name = "PtxError";
}

/** Deeds of a kernel that a card may let pass, or punish: kinds as compute-sanitizer tells them apart. */
export type FaultKind =
  | "out of bounds"
  | "misaligned"
  | "uninitialised"
  | "race"
  | "unwaited copy"
  | "divergent barrier"
  | "inactive lane"
  | "endless"
  | "trap";

/** Where a fault happened. */
export interface FaultPlace {
  readonly kernel: string;
  readonly line: number;
  readonly source: string | null;
  readonly block: readonly number[];
  readonly thread: readonly number[];
}

/** A fault of a kernel, with kernel, line, thread, block and address. */
export class KernelFault extends Error {
  override readonly name = "KernelFault";
  readonly kind: FaultKind;
  readonly place: FaultPlace;

  constructor(kind: FaultKind, detail: string, place: FaultPlace) {
    const { kernel, line, source, block, thread } = place;
    const where = `PTX line ${line}${source === null ? "" : ` (${source})`}`;
    super(`${kernel}: ${kind}: ${detail}; ${where}, block (${block.join(", ")}), thread (${thread.join(", ")})`);
    this.kind = kind;
    this.place = place;
  }
}
