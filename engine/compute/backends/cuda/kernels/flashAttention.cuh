// What the attention kernels on tensor cores share: tiles of rows of channels in shared memory, and scores as powers of 2.
//
// Rows and ranges of keys are those of attention.cuh. Queries, keys, values and their gradients pass through shared
// memory in tiles of 32 channels, whatever the head's size: `[rows, 32]` of bf16.
#pragma once
#include "attention.cuh"
#include "tensorCores.cuh"

/** Channels of a tile. */
constexpr int PART = 32;
constexpr int PART_CHUNKS = PART / CHUNK;
/** SEGMENT of attention.cuh, for kernels on tensor cores. */
__device__ constexpr int segmentOf(int D) { return D <= 128 ? SEGMENT : 32; }
constexpr float LOG2_E = 1.4426950408889634f;

/** 2^x, good to 2⁻²² of its size; 0 for −∞. */
__device__ __forceinline__ float power2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/** Softmaxes as powers of 2: `top` is the largest score times log₂ e. */
struct Binary {
  static __device__ __forceinline__ float power(float x) { return power2(x); }
  static __device__ __forceinline__ float logTotal(Softmax all) { return fmaf(all.top, 1.0f / LOG2_E, logf(all.total)); }
};

/**
 * Turns products of queries and keys into scores times log₂ e; a soft-cap bounds them by cap·tanh(x / cap), written
 * cap − 2·cap / (1 + e^(2x / cap)), whose error is some 2⁻²² of the cap.
 */
template <int COUNT>
__device__ __forceinline__ void toScores(float (&products)[COUNT][4], float scale, float cap) {
  float factor = cap == 0.0f ? scale * LOG2_E : 2.0f * LOG2_E * scale / cap;
  float bound = cap * LOG2_E;
#pragma unroll
  for (int n = 0; n < COUNT; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) products[n][i] *= factor;
  }
  if (cap == 0.0f) return;
#pragma unroll
  for (int n = 0; n < COUNT; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) products[n][i] = bound - __fdividef(2.0f * bound, 1.0f + power2(products[n][i]));
  }
}

/** Place of a chunk in a tile: two rows share a line of banks, and a permutation keeps eight rows' chunks apart. */
__device__ __forceinline__ int place(int row, int chunk) {
  return row * PART + (chunk ^ ((row >> 1) & 3)) * CHUNK;
}

/** Starts to copy 32 channels, from `channel` on, of rows; `begin(i)` is where row i begins, or null for zeros. */
template <int ROWS, int BLOCK_THREADS, class Begin>
__device__ __forceinline__ void copyTile(bf16* tile, int channel, const bf16* data, Begin begin) {
#pragma unroll
  for (int row = 0; row < ROWS; row += BLOCK_THREADS / PART_CHUNKS) {
    int own = threadIdx.x / PART_CHUNKS;
    int chunk = threadIdx.x % PART_CHUNKS;
    // Of a tile of fewer rows than the block copies at a time, some threads have none.
    if (ROWS < BLOCK_THREADS / PART_CHUNKS && own >= ROWS) return;
    const bf16* from = begin(row + own);
    // Without a row nothing is read, but an address there must be.
    bool isThere = from != nullptr;
    copyAsync(tile + row * PART + place(own, chunk), isThere ? from + channel + chunk * CHUNK : data, isThere ? 16 : 0);
  }
}

/** 16 rows by 16 channels as a fragment of a; `row` is a multiple of 8, which a lane's place in eight rows outlasts. */
__device__ __forceinline__ void loadRows(unsigned (&to)[4], const bf16* tile, int row, int channel) {
  int lane = threadIdx.x % WARP;
  loadMatrices<false>(to, tile + row * PART + place(lane % 16, channel / CHUNK + lane / 16));
}

/** 16 rows by 16 channels as two fragments of b, K along the channels: to[0] and to[1] of the first eight rows. */
__device__ __forceinline__ void loadColumns(unsigned (&to)[4], const bf16* tile, int row, int channel) {
  int lane = threadIdx.x % WARP;
  loadMatrices<false>(to, tile + row * PART + place(lane / 16 * 8 + lane % 8, channel / CHUNK + lane / 8 % 2));
}

/** 16 rows by 16 channels as two fragments of b, K along the rows: to[0] and to[1] of the first eight channels. */
__device__ __forceinline__ void loadTransposed(unsigned (&to)[4], const bf16* tile, int row, int channel) {
  int lane = threadIdx.x % WARP;
  loadMatrices<true>(to, tile + row * PART + place(lane % 16, channel / CHUNK + lane / 16));
}

/** products [16, 8·COUNT] += own rows [16, 32], from `row` on, · otherᵀ [32, 8·COUNT]. */
template <int COUNT>
__device__ __forceinline__ void multiplyTile(float (&products)[COUNT][4], const bf16* own, int row,
                                             const bf16* other) {
#pragma unroll
  for (int channel = 0; channel < PART; channel += 16) {
    unsigned rows[4];
    loadRows(rows, own, row, channel);
#pragma unroll
    for (int n = 0; n < COUNT; n += 2) {
      unsigned columns[4];
      loadColumns(columns, other, n * 8, channel);
      multiply(products[n], rows, columns[0], columns[1]);
      multiply(products[n + 1], rows, columns[2], columns[3]);
    }
  }
}

/** Fragments of c, rounded, as fragments of a. */
template <int COUNT>
__device__ __forceinline__ void rounded(unsigned (&weights)[COUNT / 2][4], const float (&numbers)[COUNT][4]) {
#pragma unroll
  for (int n = 0; n < COUNT; n++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      weights[n / 2][n % 2 * 2 + half] = packed(numbers[n][half * 2], numbers[n][half * 2 + 1]);
    }
  }
}

/** Channels of a tile in fragments of c: sums [16, 32] += weights [16, 16·COUNT] · other [16·COUNT, 32]. */
template <int COUNT>
__device__ __forceinline__ void addTile(float (*sums)[4], const unsigned (&weights)[COUNT][4], const bf16* other) {
#pragma unroll
  for (int k = 0; k < COUNT; k++) {
#pragma unroll
    for (int n = 0; n < PART / 8; n += 2) {
      unsigned columns[4];
      loadTransposed(columns, other, k * 16, n * 8);
      multiply(sums[n], weights[k], columns[0], columns[1]);
      multiply(sums[n + 1], weights[k], columns[2], columns[3]);
    }
  }
}

/** Sum, or whatever combines, over the four lanes that have a row of c. */
template <class Combine>
__device__ __forceinline__ float acrossRow(float x, Combine combine) {
  x = combine(x, __shfl_xor_sync(ALL_LANES, x, 1));
  return combine(x, __shfl_xor_sync(ALL_LANES, x, 2));
}
