// What kernels on tensor cores share: copies to shared memory that run beside the sums, and matrices of bf16 in
// registers.
//
// mma.sync.m16n8k16 multiplies a, 16 rows by 16 of K, and b, 16 of K by 8 columns, and adds to c, 16 by 8. A warp holds
// each as a fragment; with row = lane / 4 and pair = lane % 4 · 2, a lane has
//   a: four registers of two neighbours along K: (row, pair), (row + 8, pair), (row, pair + 8), (row + 8, pair + 8),
//   b: two: column `row` at K = pair and at K = pair + 8,
//   c: four floats: (row, pair), (row, pair + 1), (row + 8, pair), (row + 8, pair + 1).
// Two fragments of c beside each other, rounded to bf16 and packed, are a fragment of a: so one product's result is the
// next one's operand without leaving the registers. Every number of c is summed in the same order, wherever it lies.
#pragma once
#include "common.cuh"

/** Numbers a chunk: the 16 bytes that a copy moves, and a row of a matrix that ldmatrix loads. */
constexpr int CHUNK = 8;

__device__ __forceinline__ unsigned sharedAddress(const void* pointer) {
  return (unsigned)__cvta_generic_to_shared(pointer);
}

/** Copies 16 bytes to shared memory, of which the first `bytes` are read and the others become 0. */
__device__ __forceinline__ void copyAsync(bf16* to, const bf16* from, int bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(sharedAddress(to)), "l"(from), "r"(bytes));
}

__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;"); }

/** Waits until all groups of copies are done but the `PENDING` last. */
template <int PENDING>
__device__ __forceinline__ void waitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}

/** Four 8×8 matrices, whose rows the lanes' addresses name; transposed on the way where asked for. */
template <bool TRANSPOSED>
__device__ __forceinline__ void loadMatrices(unsigned (&to)[4], const bf16* row) {
  if (TRANSPOSED) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(sharedAddress(row))
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(sharedAddress(row))
                 : "memory");
  }
}

/** sums += a·b for 16×16 of a and 16×8 of b. */
__device__ __forceinline__ void multiply(float (&sums)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/** Two numbers rounded to bf16, the first in the lower half. */
__device__ __forceinline__ unsigned packed(float first, float second) {
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
  return pair;
}
