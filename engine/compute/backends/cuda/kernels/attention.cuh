// What the attention kernels share: which keys a query sees, and how rows of queries lie.
//
// The R = H / G heads that read one group of keys are worked on together: "row" i of group g is the query of token
// i / R and head g·R + i % R. So keys and values are loaded once for all of them, and one query against a long cache
// still fills a tile.
#pragma once
#include "common.cuh"

/** The log-sum-exp of a query that sees no key; finite, so that no gradient becomes NaN. */
constexpr float EMPTY_LSE = -1e30f;
constexpr int WARPS = 4;
constexpr int THREADS = WARPS * WARP;
/** Rows, or keys, that a warp has in registers: 16 a block. */
constexpr int EACH = 4;
constexpr int BLOCK = WARPS * EACH;
/** The other side of a tile: one a lane. */
constexpr int ACROSS = WARP;

/**
 * Keys whose sums are made together before they are added to those of the keys before: so that a query gets the same
 * bytes whether one block goes through all its keys (training, scoring) or several share them (decoding). Segments and
 * the tiles in them begin at multiples of their sizes, wherever a query's own keys begin.
 */
constexpr int SEGMENT = 128;

/** Softmax over some keys so far: the largest score, and Σ e^(score − top). */
struct Softmax {
  float top, total;
};

/** Two softmaxes as one, and what the sums Σ e^(score − top)·v of each are multiplied by. */
struct Joined {
  Softmax both;
  float before, after;
};

/** Softmaxes as powers of e. */
struct Natural {
  static __device__ __forceinline__ float power(float x) { return expf(x); }
  static __device__ __forceinline__ float logTotal(Softmax all) { return all.top + logf(all.total); }
};

/** Of keys and of those after them; roundings are spelled out, so that every kernel makes the same. */
template <class Base>
__device__ __forceinline__ Joined join(Softmax a, Softmax b) {
  float top = fmaxf(a.top, b.top);
  float before = Base::power(a.top - top);
  float after = Base::power(b.top - top);
  return {{top, fmaf(a.total, before, __fmul_rn(b.total, after))}, before, after};
}

template <class Base>
__device__ __forceinline__ float logSumExp(Softmax all) {
  return all.total > 0.0f ? Base::logTotal(all) : EMPTY_LSE;
}

struct Shape {
  int T, S, H, G, D;
  /** Multiplies the scores; then the soft-cap (0 for none) bounds them. */
  float scale, cap;
  /** Keys that a query sees, itself included; 0 for all before it. */
  int window;

  __device__ __forceinline__ int heads() const { return H / G; }
  __device__ __forceinline__ int rows() const { return T * heads(); }
  __device__ __forceinline__ int tokenOf(int row) const { return row / heads(); }
  __device__ __forceinline__ int headOf(int g, int row) const { return g * heads() + row % heads(); }
  /** Of a row's query in `[B, T, H, D]`. */
  __device__ __forceinline__ size_t query(int b, int g, int row) const {
    return (((size_t)b * T + tokenOf(row)) * H + headOf(g, row)) * D;
  }
  /** Of a key in `[B, S, G, D]`. */
  __device__ __forceinline__ size_t key(int b, int g, int s) const { return (((size_t)b * S + s) * G + g) * D; }
  /** Of a row's number in `[B, H, T]`. */
  __device__ __forceinline__ size_t number(int b, int g, int row) const {
    return ((size_t)b * H + headOf(g, row)) * T + tokenOf(row);
  }
  /** Distance of rows in shared memory that lanes read side by side: odd, so that they lie in different banks. */
  __device__ __forceinline__ int odd() const { return D | 1; }
};

/** Keys [from, to) that a query at a position sees. */
struct Range {
  int from, to;
  __device__ __forceinline__ bool has(int key) const { return key >= from && key < to; }
  /** The same keys, counted from another on. */
  __device__ __forceinline__ Range countedFrom(int key) const { return {from - key, to - key}; }
};

__device__ __forceinline__ Range visible(const Shape& shape, int start, int position) {
  int from = shape.window > 0 ? max(start, position - shape.window + 1) : start;
  return {max(from, 0), min(position + 1, shape.S)};
}

/**
 * Copies up to `count` vectors of D numbers to shared memory, `stride` apart, a warp a vector; the others become 0.
 * `place` says where each begins, or −1.
 */
template <class T, class Place>
__device__ __forceinline__ void loadVectors(float* to, int stride, int count, int D, const T* from, Place place) {
#pragma unroll 1
  for (int vector = threadIdx.x / WARP; vector < count; vector += WARPS) {
    long long start = place(vector);
#pragma unroll 1
    for (int d = threadIdx.x % WARP; d < D; d += WARP) {
      to[vector * stride + d] = start < 0 ? 0.0f : toFloat(from[start + d]);
    }
  }
}

/** sums[e] = Σ_d vectors[e][d]·across[d] for the EACH vectors of a warp, D apart. */
__device__ __forceinline__ void dots(float (&sums)[EACH], const float* vectors, const float* across, int D) {
#pragma unroll
  for (int e = 0; e < EACH; e++) sums[e] = 0.0f;
#pragma unroll 4
  for (int d = 0; d < D; d++) {
    float x = across[d];
#pragma unroll
    for (int e = 0; e < EACH; e++) sums[e] = fmaf(vectors[e * D + d], x, sums[e]);
  }
}

/** sums[e][i] += Σ_lanes weights[e] of the lane · its vector's number at lane + 32·i. */
template <int WIDE>
__device__ __forceinline__ void addWeighted(float (&sums)[EACH][WIDE], const float (&weights)[EACH],
                                            const float* vectors, int stride, int D) {
  int lane = threadIdx.x % WARP;
#pragma unroll 4
  for (int other = 0; other < ACROSS; other++) {
    float factors[EACH];
#pragma unroll
    for (int e = 0; e < EACH; e++) factors[e] = __shfl_sync(ALL_LANES, weights[e], other);
#pragma unroll
    for (int i = 0; i < WIDE; i++) {
      int d = lane + i * WARP;
      float x = d < D ? vectors[other * stride + d] : 0.0f;
#pragma unroll
      for (int e = 0; e < EACH; e++) sums[e][i] = fmaf(factors[e], x, sums[e][i]);
    }
  }
}

constexpr int WIDEST_HEAD = 256;

/** Results of a segment of the keys: sums of weights times v `[splits, B, T, H, D]`, and its softmax. */
struct Partial {
  float* sums;
  /** `[splits, B, H, T, 2]`. */
  float* tops;
};

/** Joins the results of the segments of the keys, in their order; a warp a query, `rows` = B·T·H. */
template <class Base, class T>
__device__ void attentionJoin(int rows, int tokens, int H, int D, int splits, Partial partial, T* o, float* lse) {
  int row = blockIdx.x * WARPS + threadIdx.x / WARP; // [B, T, H]
  int lane = threadIdx.x % WARP;
  if (row >= rows) return;
  int h = row % H;
  int t = row / H % tokens;
  int b = row / H / tokens;
  size_t number = ((size_t)b * H + h) * tokens + t; // [B, H, T]
  constexpr int WIDE = WIDEST_HEAD / WARP;
  Softmax all = {EMPTY_LSE, 0.0f};
  float sums[WIDE] = {};
  for (int split = 0; split < splits; split++) {
    const float* part = partial.tops + ((size_t)split * rows + number) * 2;
    Joined joined = join<Base>(all, {part[0], part[1]});
    all = joined.both;
    const float* own = partial.sums + ((size_t)split * rows + row) * D;
#pragma unroll
    for (int i = 0; i < WIDE; i++) {
      int d = lane + i * WARP;
      if (d < D) sums[i] = fmaf(sums[i], joined.before, __fmul_rn(own[d], joined.after));
    }
  }
  float inverse = all.total > 0.0f ? 1.0f / all.total : 0.0f;
#pragma unroll
  for (int i = 0; i < WIDE; i++) {
    int d = lane + i * WARP;
    if (d < D) o[(size_t)row * D + d] = fromFloat<T>(sums[i] * inverse);
  }
  if (lane == 0) lse[number] = logSumExp<Base>(all);
}
