// What all kernels share: element types, sums over warps and blocks, the soft-cap, faults.
//
// Rules for every kernel here: sums run in an order that the shapes alone decide, so that the same program gives the
// same bytes every time; no atomics on floats; all arithmetic is f32 unless said otherwise, whatever the storage type.
// Sizes of axes are int, offsets of elements 64 bits. B batch, T tokens, S keys, H heads, G groups of keys, D head size,
// C channels, V vocabulary, M and N rows and columns of a product, K what it sums over.
#pragma once

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

/** A number of eight significant bits: the upper half of an f32. */
struct bf16 {
  unsigned short bits;
};

__device__ __forceinline__ float toFloat(float x) { return x; }
__device__ __forceinline__ float toFloat(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }

template <class T>
__device__ __forceinline__ T fromFloat(float x);

template <>
__device__ __forceinline__ float fromFloat<float>(float x) {
  return x;
}

/** To nearest, ties to even. A NaN becomes 0x7fc0, as on the CPU; the instruction itself gives 0x7fff. */
template <>
__device__ __forceinline__ bf16 fromFloat<bf16>(float x) {
  bf16 y;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  if (x != x) y.bits = 0x7fc0;
  return y;
}

/**
 * What a product adds at (row, column): of a matrix of its own type, rows `step` apart, or, for step 0, of one row of f32
 * for all, a bias.
 */
template <class Y>
__device__ __forceinline__ float addendAt(const void* addend, int step, int row, int column) {
  if (step == 0) return static_cast<const float*>(addend)[column];
  return toFloat(static_cast<const Y*>(addend)[(size_t)row * step + column]);
}

template <>
__device__ __forceinline__ float addendAt<float>(const void* addend, int step, int row, int column) {
  return static_cast<const float*>(addend)[(size_t)row * step + column];
}

/** Index of the thread among all that were launched along x. */
__device__ __forceinline__ size_t globalThread() { return blockIdx.x * (size_t)blockDim.x + threadIdx.x; }

/** Sum over the lanes of a warp; every lane gets it. */
__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
  for (int distance = WARP / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(ALL_LANES, x, distance);
  return x;
}

__device__ __forceinline__ float warpMax(float x) {
#pragma unroll
  for (int distance = WARP / 2; distance > 0; distance /= 2) x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, distance));
  return x;
}

/**
 * Combines one number per thread of a block of THREADS, a power of two, in a fixed tree; every thread gets the result.
 * `room` is shared memory of THREADS elements, which may be used again at once.
 */
template <int THREADS, class T, class Combine>
__device__ __forceinline__ T blockReduce(T x, T* room, Combine combine) {
  room[threadIdx.x] = x;
  __syncthreads();
#pragma unroll
  for (int half = THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) room[threadIdx.x] = combine(room[threadIdx.x], room[threadIdx.x + half]);
    __syncthreads();
  }
  T result = room[0];
  __syncthreads();
  return result;
}

struct Add {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a + b;
  }
};

struct Max {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};

struct Min {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};

/** cap·tanh(x / cap); x itself for cap 0. */
__device__ __forceinline__ float softcap(float x, float cap) { return cap == 0.0f ? x : cap * tanhf(x / cap); }

/** The derivative of `softcap` where it gave y: 1 − (y / cap)². */
__device__ __forceinline__ float softcapSlope(float y, float cap) {
  float t = y / cap;
  return cap == 0.0f ? 1.0f : 1.0f - t * t;
}

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/**
 * Notes an index that is out of its range, unless another was noted before, in `[4]`: 1 + the instruction's number,
 * the index, the limit below which it must stay. The host reads it after the run.
 */
__device__ __forceinline__ void reportFault(int* fault, int instruction, int index, int limit) {
  if (atomicCAS(fault, 0, instruction + 1) != 0) return;
  fault[1] = index;
  fault[2] = limit;
}
