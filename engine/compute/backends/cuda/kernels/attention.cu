// Causal softmax attention in tiles of keys (Dao et al. 2022, arXiv:2205.14135), so that scores `[B, H, T, S]` never
// exist as a whole: q `[B, T, H, D]`, k and v `[B, S, G, D]`, start `[B]`, offset `[1]` → o `[B, T, H, D]` and the
// log-sum-exp of the scores `[B, H, T]`.
//
// A block takes 16 rows of one group, four a warp; a lane takes one key of a tile of 32 for the scores, and every 32nd
// channel of the output. Few queries against many keys (decoding) leave most of the card idle: then the keys are split
// among blocks, and a second kernel joins their results.
#include "attention.cuh"

/** Results of a part of the keys: sums of e^(score − top)·v `[splits, B, T, H, D]`, top and Σ e^(score − top). */
struct Partial {
  float* sums;
  /** `[splits, B, H, T, 2]`. */
  float* tops;
};

template <class T, int WIDEST>
__device__ void attention(Shape shape, int splits, const T* q, const T* k, const T* v, const int* start,
                          const int* offset, T* o, float* lse, Partial partial) {
  constexpr int WIDE = WIDEST / WARP;
  extern __shared__ float shared[];
  const int D = shape.D;
  const int odd = shape.odd();
  float* queries = shared;            // [16, D]
  float* keys = queries + BLOCK * D;  // [32, odd]
  float* values = keys + ACROSS * odd; // [32, odd]
  int g = blockIdx.y;
  int b = blockIdx.z / splits;
  int split = blockIdx.z % splits;
  int row0 = blockIdx.x * BLOCK;
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int position0 = *offset;

  loadVectors(queries, D, BLOCK, D, q, [&](int i) -> long long {
    return row0 + i < shape.rows() ? (long long)shape.query(b, g, row0 + i) : -1;
  });

  Range seen[EACH];
  float tops[EACH], totals[EACH], sums[EACH][WIDE] = {};
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int row = row0 + warp * EACH + e;
    seen[e] = row < shape.rows() ? visible(shape, start[b], position0 + shape.tokenOf(row)) : Range{0, 0};
    tops[e] = EMPTY_LSE;
    totals[e] = 0.0f;
  }
  // Keys that any row of the block sees, and that this part of the keys has.
  int last = min(row0 + BLOCK, shape.rows()) - 1;
  int perSplit = (shape.S + splits - 1) / splits;
  int from = max(visible(shape, start[b], position0 + shape.tokenOf(row0)).from, split * perSplit);
  int to = min(visible(shape, start[b], position0 + shape.tokenOf(last)).to, (split + 1) * perSplit);

  for (int key0 = from; key0 < to; key0 += ACROSS) {
    __syncthreads();
    auto place = [&](int i) -> long long { return key0 + i < to ? (long long)shape.key(b, g, key0 + i) : -1; };
    loadVectors(keys, odd, ACROSS, D, k, place);
    loadVectors(values, odd, ACROSS, D, v, place);
    __syncthreads();
    float weights[EACH];
    dots(weights, queries + warp * EACH * D, keys + lane * odd, D);
#pragma unroll
    for (int e = 0; e < EACH; e++) {
      float score = softcap(weights[e] * shape.scale, shape.cap);
      int key = key0 + lane;
      bool isSeen = key < to && seen[e].has(key);
      float top = fmaxf(tops[e], warpMax(isSeen ? score : EMPTY_LSE));
      weights[e] = isSeen ? expf(score - top) : 0.0f;
      float fade = expf(tops[e] - top);
      tops[e] = top;
      totals[e] = totals[e] * fade + warpSum(weights[e]);
#pragma unroll
      for (int i = 0; i < WIDE; i++) sums[e][i] *= fade;
    }
    addWeighted(sums, weights, values, odd, D);
  }

#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int row = row0 + warp * EACH + e;
    if (row >= shape.rows()) continue;
    size_t number = shape.number(b, g, row);
    size_t at = shape.query(b, g, row);
    if (splits == 1) {
      float inverse = totals[e] > 0.0f ? 1.0f / totals[e] : 0.0f;
#pragma unroll
      for (int i = 0; i < WIDE; i++) {
        int d = lane + i * WARP;
        if (d < D) o[at + d] = fromFloat<T>(sums[e][i] * inverse);
      }
      if (lane == 0) lse[number] = totals[e] > 0.0f ? tops[e] + logf(totals[e]) : EMPTY_LSE;
    } else {
      size_t all = (size_t)(gridDim.z / splits) * shape.T * shape.H; // B·T·H
#pragma unroll
      for (int i = 0; i < WIDE; i++) {
        int d = lane + i * WARP;
        if (d < D) partial.sums[split * all * D + at + d] = sums[e][i];
      }
      if (lane == 0) {
        partial.tops[(split * all + number) * 2] = tops[e];
        partial.tops[(split * all + number) * 2 + 1] = totals[e];
      }
    }
  }
}

/** Joins the results of the parts of the keys, in their order; a warp a query, `rows` = B·T·H. */
template <class T>
__device__ void attentionJoin(int rows, int tokens, int H, int D, int splits, Partial partial, T* o, float* lse) {
  int row = blockIdx.x * WARPS + threadIdx.x / WARP; // [B, T, H]
  int lane = threadIdx.x % WARP;
  if (row >= rows) return;
  int h = row % H;
  int t = row / H % tokens;
  int b = row / H / tokens;
  size_t number = ((size_t)b * H + h) * tokens + t; // [B, H, T]
  const float* tops = partial.tops + number * 2;
  float top = EMPTY_LSE;
  for (int split = 0; split < splits; split++) top = fmaxf(top, tops[(size_t)split * rows * 2]);
  float total = 0.0f;
  for (int split = 0; split < splits; split++) {
    const float* part = tops + (size_t)split * rows * 2;
    total += part[1] * expf(part[0] - top);
  }
  float inverse = total > 0.0f ? 1.0f / total : 0.0f;
  for (int d = lane; d < D; d += WARP) {
    float sum = 0.0f;
    for (int split = 0; split < splits; split++) {
      float weight = expf(tops[(size_t)split * rows * 2] - top);
      sum = fmaf(weight, partial.sums[((size_t)split * rows + row) * D + d], sum);
    }
    o[(size_t)row * D + d] = fromFloat<T>(sum * inverse);
  }
  if (lane == 0) lse[number] = total > 0.0f ? top + logf(total) : EMPTY_LSE;
}

#define EACH_WIDTH(T, NAME, WIDEST)                                                                                    \
  extern "C" __global__ __launch_bounds__(THREADS, 4) void attention##WIDEST##_##NAME(                                    \
      int tokens, int S, int H, int G, int D, float scale, float cap, int window, int splits, const T* q, const T* k,  \
      const T* v, const int* start, const int* offset, T* o, float* lse, float* sums, float* tops) {                   \
    attention<T, WIDEST>({tokens, S, H, G, D, scale, cap, window}, splits, q, k, v, start, offset, o, lse,             \
                         {sums, tops});                                                                                \
  }
#define EACH_TYPE(T, NAME)                                                                                             \
  EACH_WIDTH(T, NAME, 64)                                                                                              \
  EACH_WIDTH(T, NAME, 128)                                                                                             \
  EACH_WIDTH(T, NAME, 256)                                                                                             \
  extern "C" __global__ void attentionJoin_##NAME(int rows, int tokens, int H, int D, int splits, float* sums,         \
                                                  float* tops, T* o, float* lse) {                                     \
    attentionJoin(rows, tokens, H, D, splits, {sums, tops}, o, lse);                                                   \
  }
EACH_TYPE(float, f32)
EACH_TYPE(bf16, bf16)
