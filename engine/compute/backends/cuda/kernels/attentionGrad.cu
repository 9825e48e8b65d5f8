// Gradients of attention by q, k and v. The probabilities come back tile by tile from the log-sum-exp:
// p = exp(score − lse), and with delta = Σ_d o·dO, dScore = p·(dO·v − delta). One kernel makes dQ, another dK and dV, so
// that no two blocks add to the same number, and sums have an order.
#include "attention.cuh"

struct Slopes {
  /** Probability, and the loss's derivative by q·k. */
  float p, ds;
};

__device__ __forceinline__ Slopes slopes(const Shape& shape, bool isSeen, float dot, float lse, float dp, float delta) {
  float score = softcap(dot * shape.scale, shape.cap);
  // A hidden score may lie far above lse: its exponential would be infinite.
  float p = isSeen ? expf(score - lse) : 0.0f;
  return {p, p * (dp - delta) * shape.scale * softcapSlope(score, shape.cap)};
}

/** delta = Σ_d o·dO: `[B, T, H, D]` → `[B, H, T]`; a warp a query, `rows` = B·T·H. */
template <class T>
__device__ void attentionDelta(int rows, int tokens, int H, int D, const T* o, const T* dOut, float* delta) {
  int row = blockIdx.x * WARPS + threadIdx.x / WARP; // [B, T, H]
  int lane = threadIdx.x % WARP;
  if (row >= rows) return;
  float total = 0.0f;
  for (int d = lane; d < D; d += WARP) total += toFloat(o[(size_t)row * D + d]) * toFloat(dOut[(size_t)row * D + d]);
  total = warpSum(total);
  int h = row % H;
  int t = row / H % tokens;
  int b = row / H / tokens;
  if (lane == 0) delta[((size_t)b * H + h) * tokens + t] = total;
}

/** dQ; a block takes 16 rows of one group, as in the forward pass. */
template <class T, int WIDEST>
__device__ void queryGrad(Shape shape, const T* q, const T* k, const T* v, const int* start, const int* offset,
                          const float* lse, const float* delta, const T* dOut, T* dq) {
  constexpr int WIDE = WIDEST / WARP;
  extern __shared__ float shared[];
  const int D = shape.D;
  const int odd = shape.odd();
  float* queries = shared;                  // [16, D]
  float* outGrads = queries + BLOCK * D;    // [16, D]
  float* keys = outGrads + BLOCK * D;       // [32, odd]
  float* values = keys + ACROSS * odd;      // [32, odd]
  int g = blockIdx.y;
  int b = blockIdx.z;
  int row0 = blockIdx.x * BLOCK;
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int position0 = *offset;

  auto rowPlace = [&](int i) -> long long {
    return row0 + i < shape.rows() ? (long long)shape.query(b, g, row0 + i) : -1;
  };
  loadVectors(queries, D, BLOCK, D, q, rowPlace);
  loadVectors(outGrads, D, BLOCK, D, dOut, rowPlace);

  Range seen[EACH];
  float lses[EACH], deltas[EACH], sums[EACH][WIDE] = {};
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int row = row0 + warp * EACH + e;
    bool isThere = row < shape.rows();
    seen[e] = isThere ? visible(shape, start[b], position0 + shape.tokenOf(row)) : Range{0, 0};
    lses[e] = isThere ? lse[shape.number(b, g, row)] : 0.0f;
    deltas[e] = isThere ? delta[shape.number(b, g, row)] : 0.0f;
  }
  int last = min(row0 + BLOCK, shape.rows()) - 1;
  int from = visible(shape, start[b], position0 + shape.tokenOf(row0)).from;
  int to = visible(shape, start[b], position0 + shape.tokenOf(last)).to;

  for (int key0 = from; key0 < to; key0 += ACROSS) {
    __syncthreads();
    auto place = [&](int i) -> long long { return key0 + i < to ? (long long)shape.key(b, g, key0 + i) : -1; };
    loadVectors(keys, odd, ACROSS, D, k, place);
    loadVectors(values, odd, ACROSS, D, v, place);
    __syncthreads();
    float scores[EACH], dps[EACH];
    dots(scores, queries + warp * EACH * D, keys + lane * odd, D);
    dots(dps, outGrads + warp * EACH * D, values + lane * odd, D);
#pragma unroll
    for (int e = 0; e < EACH; e++) {
      int key = key0 + lane;
      scores[e] = slopes(shape, key < to && seen[e].has(key), scores[e], lses[e], dps[e], deltas[e]).ds;
    }
    addWeighted(sums, scores, keys, odd, D);
  }

#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int row = row0 + warp * EACH + e;
    if (row >= shape.rows()) continue;
    size_t at = shape.query(b, g, row);
#pragma unroll
    for (int i = 0; i < WIDE; i++) {
      int d = lane + i * WARP;
      if (d < D) dq[at + d] = fromFloat<T>(sums[e][i]);
    }
  }
}

/** dK and dV; a block takes 16 keys of one group, four a warp, and goes through the rows in tiles of 32, one a lane. */
template <class T, int WIDEST>
__device__ void keyValueGrad(Shape shape, const T* q, const T* k, const T* v, const int* start, const int* offset,
                             const float* lse, const float* delta, const T* dOut, T* dk, T* dv) {
  constexpr int WIDE = WIDEST / WARP;
  extern __shared__ float shared[];
  const int D = shape.D;
  const int odd = shape.odd();
  float* keys = shared;                      // [16, D]
  float* values = keys + BLOCK * D;          // [16, D]
  float* queries = values + BLOCK * D;       // [32, odd]
  float* outGrads = queries + ACROSS * odd;  // [32, odd]
  int g = blockIdx.y;
  int b = blockIdx.z;
  int key0 = blockIdx.x * BLOCK;
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int position0 = *offset;

  auto keyPlace = [&](int i) -> long long { return key0 + i < shape.S ? (long long)shape.key(b, g, key0 + i) : -1; };
  loadVectors(keys, D, BLOCK, D, k, keyPlace);
  loadVectors(values, D, BLOCK, D, v, keyPlace);

  // Rows that may see any of the keys: from the first key's own token to where the window of the last ends.
  int lastKey = min(key0 + BLOCK, shape.S) - 1;
  int firstToken = min(max(key0 - position0, 0), shape.T);
  int endToken = shape.window > 0 ? min(max(lastKey - position0 + shape.window, 0), shape.T) : shape.T;
  int from = firstToken * shape.heads();
  int to = endToken * shape.heads();

  float keySums[EACH][WIDE] = {};
  float valueSums[EACH][WIDE] = {};
  for (int row0 = from; row0 < to; row0 += ACROSS) {
    __syncthreads();
    auto place = [&](int i) -> long long { return row0 + i < to ? (long long)shape.query(b, g, row0 + i) : -1; };
    loadVectors(queries, odd, ACROSS, D, q, place);
    loadVectors(outGrads, odd, ACROSS, D, dOut, place);
    __syncthreads();
    int row = row0 + lane;
    bool isThere = row < to;
    Range seen = isThere ? visible(shape, start[b], position0 + shape.tokenOf(row)) : Range{0, 0};
    float rowLse = isThere ? lse[shape.number(b, g, row)] : 0.0f;
    float rowDelta = isThere ? delta[shape.number(b, g, row)] : 0.0f;
    float scores[EACH], dps[EACH];
    dots(scores, keys + warp * EACH * D, queries + lane * odd, D);
    dots(dps, values + warp * EACH * D, outGrads + lane * odd, D);
#pragma unroll
    for (int e = 0; e < EACH; e++) {
      int key = key0 + warp * EACH + e;
      Slopes at = slopes(shape, seen.has(key), scores[e], rowLse, dps[e], rowDelta);
      scores[e] = at.ds;
      dps[e] = at.p;
    }
    addWeighted(keySums, scores, queries, odd, D);
    addWeighted(valueSums, dps, outGrads, odd, D);
  }

#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int key = key0 + warp * EACH + e;
    if (key >= shape.S) continue;
    size_t at = shape.key(b, g, key);
#pragma unroll
    for (int i = 0; i < WIDE; i++) {
      int d = lane + i * WARP;
      if (d >= D) continue;
      dk[at + d] = fromFloat<T>(keySums[e][i]);
      dv[at + d] = fromFloat<T>(valueSums[e][i]);
    }
  }
}

#define EACH_WIDTH(T, NAME, WIDEST)                                                                                    \
  extern "C" __global__ __launch_bounds__(THREADS, 4) void attentionQueryGrad##WIDEST##_##NAME(                           \
      int tokens, int S, int H, int G, int D, float scale, float cap, int window, const T* q, const T* k, const T* v,  \
      const int* start, const int* offset, const float* lse, const float* delta, const T* dOut, T* dq) {               \
    queryGrad<T, WIDEST>({tokens, S, H, G, D, scale, cap, window}, q, k, v, start, offset, lse, delta, dOut, dq);      \
  }                                                                                                                    \
  extern "C" __global__ __launch_bounds__(THREADS, 4) void attentionKeyValueGrad##WIDEST##_##NAME(                        \
      int tokens, int S, int H, int G, int D, float scale, float cap, int window, const T* q, const T* k, const T* v,  \
      const int* start, const int* offset, const float* lse, const float* delta, const T* dOut, T* dk, T* dv) {        \
    keyValueGrad<T, WIDEST>({tokens, S, H, G, D, scale, cap, window}, q, k, v, start, offset, lse, delta, dOut, dk,    \
                            dv);                                                                                       \
  }
#define EACH_TYPE(T, NAME)                                                                                             \
  EACH_WIDTH(T, NAME, 64)                                                                                              \
  EACH_WIDTH(T, NAME, 128)                                                                                             \
  EACH_WIDTH(T, NAME, 256)                                                                                             \
  extern "C" __global__ void attentionDelta_##NAME(int rows, int tokens, int H, int D, const T* o, const T* dOut,      \
                                                   float* delta) {                                                     \
    attentionDelta(rows, tokens, H, D, o, dOut, delta);                                                                \
  }
EACH_TYPE(float, f32)
EACH_TYPE(bf16, bf16)
