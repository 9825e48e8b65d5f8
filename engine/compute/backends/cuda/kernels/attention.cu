// Causal softmax attention in tiles of keys (Dao et al. 2022, arXiv:2205.14135), so that scores `[B, H, T, S]` never
// exist as a whole: q `[B, T, H, D]`, k and v `[B, S, G, D]`, start `[B]`, offset `[1]` → o `[B, T, H, D]` and the
// log-sum-exp of the scores `[B, H, T]`.
//
// A block takes 16 rows of one group, four a warp; a lane takes one key of a tile of 32 for the scores, and every 32nd
// channel of the output. Few queries against many keys (decoding) leave most of the card idle: then each block takes a
// segment of the keys, and a second kernel joins their results, in the order in which one block joins its segments.
#include "attention.cuh"

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
  Softmax all[EACH];
  float sums[EACH][WIDE] = {};
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int row = row0 + warp * EACH + e;
    seen[e] = row < shape.rows() ? visible(shape, start[b], position0 + shape.tokenOf(row)) : Range{0, 0};
    all[e] = {EMPTY_LSE, 0.0f};
  }
  // Keys that any row of the block sees, from the start of a tile on, and that the block is to take.
  int last = min(row0 + BLOCK, shape.rows()) - 1;
  int from = visible(shape, start[b], position0 + shape.tokenOf(row0)).from / ACROSS * ACROSS;
  int to = visible(shape, start[b], position0 + shape.tokenOf(last)).to;
  if (splits > 1) {
    from = max(from, split * SEGMENT);
    to = min(to, (split + 1) * SEGMENT);
  }

  for (int segment = from / SEGMENT * SEGMENT; segment < to; segment += SEGMENT) {
    Softmax own[EACH];
    float ownSums[EACH][WIDE] = {};
#pragma unroll
    for (int e = 0; e < EACH; e++) own[e] = {EMPTY_LSE, 0.0f};
#pragma unroll 1
    for (int key0 = max(segment, from); key0 < min(segment + SEGMENT, to); key0 += ACROSS) {
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
        float top = fmaxf(own[e].top, warpMax(isSeen ? score : EMPTY_LSE));
        weights[e] = isSeen ? expf(score - top) : 0.0f;
        float fade = expf(own[e].top - top);
        own[e] = {top, fmaf(own[e].total, fade, warpSum(weights[e]))};
#pragma unroll
        for (int i = 0; i < WIDE; i++) ownSums[e][i] *= fade;
      }
      addWeighted(ownSums, weights, values, odd, D);
    }
#pragma unroll
    for (int e = 0; e < EACH; e++) {
      Joined joined = join<Natural>(all[e], own[e]);
      all[e] = joined.both;
#pragma unroll
      for (int i = 0; i < WIDE; i++) {
        sums[e][i] = fmaf(sums[e][i], joined.before, __fmul_rn(ownSums[e][i], joined.after));
      }
    }
  }

#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int row = row0 + warp * EACH + e;
    if (row >= shape.rows()) continue;
    size_t number = shape.number(b, g, row);
    size_t at = shape.query(b, g, row);
    if (splits == 1) {
      float inverse = all[e].total > 0.0f ? 1.0f / all[e].total : 0.0f;
#pragma unroll
      for (int i = 0; i < WIDE; i++) {
        int d = lane + i * WARP;
        if (d < D) o[at + d] = fromFloat<T>(sums[e][i] * inverse);
      }
      if (lane == 0) lse[number] = logSumExp<Natural>(all[e]);
    } else {
      size_t count = (size_t)(gridDim.z / splits) * shape.T * shape.H; // B·T·H
#pragma unroll
      for (int i = 0; i < WIDE; i++) {
        int d = lane + i * WARP;
        if (d < D) partial.sums[split * count * D + at + d] = sums[e][i];
      }
      if (lane == 0) {
        partial.tops[(split * count + number) * 2] = all[e].top;
        partial.tops[(split * count + number) * 2 + 1] = all[e].total;
      }
    }
  }
}

#define EACH_WIDTH(T, NAME, WIDEST, BLOCKS)                                                                            \
  extern "C" __global__ __launch_bounds__(THREADS, BLOCKS) void attention##WIDEST##_##NAME(                               \
      int tokens, int S, int H, int G, int D, float scale, float cap, int window, int splits, const T* q, const T* k,  \
      const T* v, const int* start, const int* offset, T* o, float* lse, float* sums, float* tops) {                   \
    attention<T, WIDEST>({tokens, S, H, G, D, scale, cap, window}, splits, q, k, v, start, offset, o, lse,             \
                         {sums, tops});                                                                                \
  }
#define EACH_TYPE(T, NAME)                                                                                             \
  EACH_WIDTH(T, NAME, 64, 4)                                                                                           \
  EACH_WIDTH(T, NAME, 128, 4)                                                                                          \
  EACH_WIDTH(T, NAME, 256, 3)                                                                                          \
  extern "C" __global__ void attentionJoin_##NAME(int rows, int tokens, int H, int D, int splits, float* sums,         \
                                                  float* tops, T* o, float* lse) {                                     \
    attentionJoin<Natural>(rows, tokens, H, D, splits, {sums, tops}, o, lse);                                                   \
  }
EACH_TYPE(float, f32)
EACH_TYPE(bf16, bf16)
