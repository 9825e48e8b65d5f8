/**
 * The parts of the WebAssembly JavaScript interface (w3.org/TR/wasm-js-api-2) used here, under types of our own:
 * TypeScript's come with all of the browser's.
 */

/** Memory that threads share, in pages of 64 KiB. */
export interface Memory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages; returns how many there were. */
  grow(pages: number): number;
}

/** Compiled code, which threads may share. */
export interface Module {
  readonly [Symbol.toStringTag]: "WebAssembly.Module";
}

interface Interface {
  readonly Memory: new (descriptor: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => Memory;
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (
    module: Module,
    imports: Readonly<Record<string, Readonly<Record<string, Memory>>>>,
  ) => { readonly exports: unknown };
}

/** Not declared as a global: a program that has the browser's types, too, would declare it twice. */
const own = globalThis as unknown as { readonly WebAssembly: Interface };
export const { Memory, Module, Instance } = own.WebAssembly;
