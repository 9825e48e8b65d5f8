/** Where everything lies in the interpreter's one linear memory, in bytes. */

const MIB = 1 << 20;

/** Values that all threads of a warp share at one time: bounds of stamps, and the block's coordinates. */
export const CONTEXT = 64;
/** Words of {@link CONTEXT}, by their order. */
export const WORDS = {
  launchStart: 0,
  blockStart: 1,
  barrierStart: 2,
  warpStart: 3,
  localSize: 4,
  "%ctaid.x": 8,
  "%ctaid.y": 9,
  "%ctaid.z": 10,
  "%nctaid.x": 11,
  "%nctaid.y": 12,
  "%nctaid.z": 13,
  "%ntid.x": 14,
  "%ntid.y": 15,
  "%ntid.z": 16,
  "%dynamic_smem_size": 17,
  "%nwarpid": 18,
} as const;

/** Targets of a jump through a table, one word a lane. */
export const TARGETS = 512;
/** A launch's arguments. */
export const PARAMS = 0x1000;
/** The most bytes of arguments that a kernel takes. */
export const PARAMS_SIZE = 0x1100;
/** A matrix instruction's operands in f64: A by rows of 16, B by rows of 8, C and D by rows of 8. */
export const MATRICES = { a: 0x3000, b: 0x3800, c: 0x3c00 } as const;
/** Registers of the block's warps, and its threads' local memory. */
export const ARENA = 0x10000;
/** Memory that has a shadow: shared memory first, then what is allocated. */
export const HEAP = 64 * MIB;
/** Bytes that have a shadow. */
export const HEAP_SIZE = 256 * MIB;
/** Shared memory of the block that runs; its first kilobyte belongs to nobody, so that what lies before it is seen. */
export const SHARED = HEAP + 4096;
/** The first address of shared memory that a kernel is given. */
export const SHARED_START = 1024;
/** The most shared memory that a block may have: that of an H100, 227 KiB. */
export const SHARED_LIMIT = 227 * 1024;
/** Allocations begin here. */
export const GLOBAL = HEAP + MIB;

/** Stamp of the last write to every byte, four bytes each. */
export const WRITTEN = HEAP + HEAP_SIZE;
/** Stamp of the last reading of every byte. */
export const READ = WRITTEN + 4 * HEAP_SIZE;
/** Size of the linear memory in pages of 64 KiB; what is never touched takes no memory. */
export const PAGES = (READ + 4 * HEAP_SIZE) / 65536;

/** Upper halves of generic addresses: global, shared, local. */
export const WINDOWS = { global: 0x7f00, shared: 1, local: 2 } as const;

/** Meanings of a write's stamp that is none of a thread's. */
export const STAMPS = { unallocated: 0, unwritten: 1, host: 2, pending: -2 } as const;
/** Bits of a stamp that name the thread; what is above them counts the intervals between barriers. */
export const THREAD_BITS = 11;
/** Threads of stamps that stand for more than one: `several` warps; atomics; from `warp` on the lanes of one warp. */
export const THREADS = { several: 2047, atomic: 2046, warp: 1024 } as const;
