// Gradients of attention of bf16 on tensor cores, sums in f32: what attentionGrad.cu computes, for heads of D = 32, 64, 96,
// 128 or 256 channels; delta = Σ_d o·dO comes from there. As there, one kernel makes dQ and another dK and dV, each computing the
// probabilities again, so that no two blocks add to the same number and every sum has an order.
//
// Both kernels are the same but for who stays. A block of four warps keeps 64 rows of two matrices in shared memory, 16 a
// warp: queries and output gradients, or keys and values. The other two pass by in tiles of OTHER = 32 rows (16 where D is
// 256, so that all fits into the 99 KB that a block of any card may have), of which the next is copied by cp.async beside
// the sums. With own and other rows, per tile and warp:
//   scores [16, OTHER] = own · otherᵀ and dp [16, OTHER] = own · otherᵀ, of the second matrices;
//   p = e^(score − lse), dScore = p·(dp − delta)·scale, rounded to bf16, which in registers are fragments of a already;
//   dQ [16, D] += dScore · keys, or dK += dScore · queries and dV += p · output gradients.
// Of 256 channels, dK and dV do not fit into the registers together: each is made by a launch of its own.
#include "flashAttention.cuh"

/** Rows that a block keeps. */
constexpr int OWN = WARPS * 16;
/** Rows of a tile that passes by. */
__device__ constexpr int othersOf(int D) { return D <= 128 ? ACROSS : 16; }
/** What a launch makes. */
constexpr int KEYS = 1;
constexpr int VALUES = 2;

/** What a query's probabilities are made of: the log-sum-exp, times log₂ e, and delta; and the keys that it sees. */
struct alignas(16) Query {
  float lse, delta;
  Range seen;
};

__device__ __forceinline__ Query queryOf(const Shape& shape, int b, int g, int row, const int* start, const int* offset,
                                         const float* lse, const float* delta) {
  size_t number = shape.number(b, g, row);
  Range seen = visible(shape, start[b], *offset + shape.tokenOf(row));
  return {lse[number] * LOG2_E, delta[number], seen};
}

/** Starts to copy all channels of rows, `[D / 32, ROWS, 32]`. */
template <int D, int ROWS, class Begin>
__device__ __forceinline__ void copyRows(bf16* to, const bf16* data, Begin begin) {
#pragma unroll
  for (int part = 0; part < D / PART; part++) {
    copyTile<ROWS, THREADS>(to + part * ROWS * PART, part * PART, data,
                            [&](int i) -> const bf16* { return begin(i) < 0 ? nullptr : data + begin(i); });
  }
}

/** products [16, 8·SCORES] = own rows, from `row` on, · otherᵀ. */
template <int D, int SCORES>
__device__ __forceinline__ void multiplyRows(float (&products)[SCORES][4], const bf16* own, int row,
                                             const bf16* other) {
#pragma unroll
  for (int part = 0; part < D / PART; part++) {
    multiplyTile(products, own + part * OWN * PART, row, other + part * SCORES * 8 * PART);
  }
}

/** sums [16, D] += weights [16, 16·WEIGHTS] · other. */
template <int D, int WEIGHTS>
__device__ __forceinline__ void addProducts(float (&sums)[D / 8][4], const unsigned (&weights)[WEIGHTS][4],
                                            const bf16* other) {
#pragma unroll
  for (int part = 0; part < D / PART; part++) {
    addTile(sums + part * (PART / 8), weights, other + part * WEIGHTS * 16 * PART);
  }
}

/**
 * Turns products of queries and keys into probabilities, and those of output gradients and values into derivatives by the
 * first. `at(n, i)` is the query of a number of a fragment, its keys counted from the number's own.
 */
template <int SCORES, class At>
__device__ __forceinline__ void toSlopes(float (&scores)[SCORES][4], float (&dps)[SCORES][4], const Shape& shape,
                                         At at) {
  toScores(scores, shape.scale, shape.cap);
  float inverse = shape.cap == 0.0f ? 0.0f : 1.0f / (shape.cap * LOG2_E);
#pragma unroll
  for (int n = 0; n < SCORES; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      Query query = at(n, i);
      float tangent = scores[n][i] * inverse;
      // A hidden score may lie far above lse: its power would be infinite.
      float p = power2(query.seen.has(0) ? scores[n][i] - query.lse : -INFINITY);
      scores[n][i] = p;
      dps[n][i] = p * (dps[n][i] - query.delta) * shape.scale * (1.0f - tangent * tangent);
    }
  }
}

/** Stores a lane's numbers of two rows of 16; `begin(i)` is where row i begins, or −1. */
template <int D, class Begin>
__device__ __forceinline__ void storeRows(bf16* to, const float (&sums)[D / 8][4], Begin begin) {
  int lane = threadIdx.x % WARP;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    long long at = begin(lane / 4 + half * 8);
    if (at < 0) continue;
#pragma unroll
    for (int n = 0; n < D / 8; n++) {
      *reinterpret_cast<unsigned*>(to + at + n * 8 + lane % 4 * 2) = packed(sums[n][half * 2], sums[n][half * 2 + 1]);
    }
  }
}

/** dQ; a block takes 64 rows of one group. */
template <int D>
__device__ void queryGrad(Shape shape, const bf16* q, const bf16* k, const bf16* v, const int* start, const int* offset,
                          const float* lse, const float* delta, const bf16* dOut, bf16* dq) {
  constexpr int OTHER = othersOf(D);
  constexpr int SCORES = OTHER / 8;
  constexpr int WEIGHTS = OTHER / 16;
  extern __shared__ __align__(128) bf16 shared[];
  bf16* queries = shared;               // [D / 32, 64, 32]
  bf16* outGrads = queries + OWN * D;   // the same
  bf16* tiles = outGrads + OWN * D;     // [2 stages, keys and values, D / 32, OTHER, 32]
  int g = blockIdx.y;
  int b = blockIdx.z;
  // The last rows see the most keys; they begin first, so that the card does not wait for them in the end.
  int row0 = (gridDim.x - 1 - blockIdx.x) * OWN;
  int lane = threadIdx.x % WARP;
  int warpRow = threadIdx.x / WARP * 16;

  auto rowPlace = [&](int i) -> long long {
    return row0 + i < shape.rows() ? (long long)shape.query(b, g, row0 + i) : -1;
  };
  int last = min(row0 + OWN, shape.rows()) - 1;
  int from = visible(shape, start[b], *offset + shape.tokenOf(row0)).from;
  int to = visible(shape, start[b], *offset + shape.tokenOf(last)).to;
  auto copy = [&](int key0, int stage) {
    if (key0 >= to) return;
    // What no row sees may never have been written.
    auto place = [&](int i) -> long long { return key0 + i < to ? (long long)shape.key(b, g, key0 + i) : -1; };
    bf16* tile = tiles + stage * 2 * OTHER * D;
    copyRows<D, OTHER>(tile, k, place);
    copyRows<D, OTHER>(tile + OTHER * D, v, place);
  };
  copyRows<D, OWN>(queries, q, rowPlace);
  copyRows<D, OWN>(outGrads, dOut, rowPlace);
  copy(from, 0);
  commitCopies();

  Query own[2];
  float sums[D / 8][4] = {};
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int row = row0 + warpRow + lane / 4 + half * 8;
    own[half] = row < shape.rows() ? queryOf(shape, b, g, row, start, offset, lse, delta) : Query{0.0f, 0.0f, {0, 0}};
  }
  int stage = 0;
#pragma unroll 1
  for (int key0 = from; key0 < to; key0 += OTHER) {
    waitForCopies<0>();
    // Now all warps' copies of this tile are there, and nobody reads the one any more that is filled next.
    __syncthreads();
    copy(key0 + OTHER, stage ^ 1);
    commitCopies();
    const bf16* keys = tiles + stage * 2 * OTHER * D;
    stage ^= 1;
    float scores[SCORES][4] = {};
    float dps[SCORES][4] = {};
    unsigned weights[WEIGHTS][4];
    multiplyRows<D>(scores, queries, warpRow, keys);
    multiplyRows<D>(dps, outGrads, warpRow, keys + OTHER * D);
    int lane0 = key0 + lane % 4 * 2;
    toSlopes(scores, dps, shape, [&](int n, int i) -> Query {
      const Query& query = own[i / 2];
      return {query.lse, query.delta, query.seen.countedFrom(lane0 + n * 8 + i % 2)};
    });
    rounded(weights, dps);
    addProducts<D>(sums, weights, keys);
  }
  storeRows<D>(dq, sums, [&](int i) { return rowPlace(warpRow + i); });
}

/** dK and dV, or one of them; a block takes 64 keys of one group. */
template <int D, int MADE>
__device__ void keyValueGrad(Shape shape, const bf16* q, const bf16* k, const bf16* v, const int* start,
                             const int* offset, const float* lse, const float* delta, const bf16* dOut, bf16* dk,
                             bf16* dv) {
  constexpr int OTHER = othersOf(D);
  constexpr int SCORES = OTHER / 8;
  constexpr int WEIGHTS = OTHER / 16;
  extern __shared__ __align__(128) bf16 shared[];
  bf16* keys = shared;                                                // [D / 32, 64, 32]
  bf16* values = keys + OWN * D;                                      // the same
  bf16* tiles = values + OWN * D;                                     // [2 stages, queries and dO, D / 32, OTHER, 32]
  Query* others = reinterpret_cast<Query*>(tiles + 4 * OTHER * D);    // [2 stages, OTHER]
  int g = blockIdx.y;
  int b = blockIdx.z;
  int key0 = blockIdx.x * OWN;
  int lane = threadIdx.x % WARP;
  int warpRow = threadIdx.x / WARP * 16;
  int position0 = *offset;

  // Rows that may see any of the keys: from the first key's own token to where the window of the last ends.
  int lastKey = min(key0 + OWN, shape.S) - 1;
  int firstToken = min(max(key0 - position0, 0), shape.T);
  int endToken = shape.window > 0 ? min(max(lastKey - position0 + shape.window, 0), shape.T) : shape.T;
  int from = firstToken * shape.heads();
  int to = endToken * shape.heads();
  // Keys that no row is after may never have been written.
  int endKey = min(position0 + shape.T, shape.S);
  auto keyPlace = [&](int i) -> long long { return key0 + i < shape.S ? (long long)shape.key(b, g, key0 + i) : -1; };
  auto copy = [&](int row0, int stage) {
    if (row0 >= to) return;
    auto place = [&](int i) -> long long { return row0 + i < to ? (long long)shape.query(b, g, row0 + i) : -1; };
    bf16* tile = tiles + stage * 2 * OTHER * D;
    copyRows<D, OTHER>(tile, q, place);
    copyRows<D, OTHER>(tile + OTHER * D, dOut, place);
    int row = row0 + threadIdx.x;
    if (threadIdx.x >= OTHER) return;
    others[stage * OTHER + threadIdx.x] =
        row < to ? queryOf(shape, b, g, row, start, offset, lse, delta) : Query{0.0f, 0.0f, {0, 0}};
  };
  auto writtenPlace = [&](int i) -> long long { return key0 + i < endKey ? keyPlace(i) : -1; };
  copyRows<D, OWN>(keys, k, writtenPlace);
  if (MADE & KEYS) copyRows<D, OWN>(values, v, writtenPlace);
  copy(from, 0);
  commitCopies();

  float keySums[D / 8][4] = {};
  float valueSums[D / 8][4] = {};
  int stage = 0;
#pragma unroll 1
  for (int row0 = from; row0 < to; row0 += OTHER) {
    waitForCopies<0>();
    __syncthreads();
    copy(row0 + OTHER, stage ^ 1);
    commitCopies();
    const bf16* queries = tiles + stage * 2 * OTHER * D;
    const Query* rows = others + stage * OTHER + lane % 4 * 2;
    stage ^= 1;
    float scores[SCORES][4] = {};
    float dps[SCORES][4] = {};
    unsigned weights[WEIGHTS][4];
    multiplyRows<D>(scores, keys, warpRow, queries);
    if (MADE & KEYS) multiplyRows<D>(dps, values, warpRow, queries + OTHER * D);
    int lane0 = key0 + warpRow + lane / 4;
    toSlopes(scores, dps, shape, [&](int n, int i) -> Query {
      Query query = rows[n * 8 + i % 2];
      return {query.lse, query.delta, query.seen.countedFrom(lane0 + i / 2 * 8)};
    });
    if (MADE & VALUES) {
      rounded(weights, scores);
      addProducts<D>(valueSums, weights, queries + OTHER * D);
    }
    if (MADE & KEYS) {
      rounded(weights, dps);
      addProducts<D>(keySums, weights, queries);
    }
  }
  auto warpPlace = [&](int i) { return keyPlace(warpRow + i); };
  if (MADE & KEYS) storeRows<D>(dk, keySums, warpPlace);
  if (MADE & VALUES) storeRows<D>(dv, valueSums, warpPlace);
}

#define EACH_QUERY(D, BLOCKS)                                                                                          \
  extern "C" __global__ __launch_bounds__(THREADS, BLOCKS) void flashAttentionQueryGrad##D##_bf16(                     \
      int tokens, int S, int H, int G, float scale, float cap, int window, const bf16* q, const bf16* k,               \
      const bf16* v, const int* start, const int* offset, const float* lse, const float* delta, const bf16* dOut,      \
      bf16* dq) {                                                                                                      \
    queryGrad<D>({tokens, S, H, G, D, scale, cap, window}, q, k, v, start, offset, lse, delta, dOut, dq);              \
  }
#define EACH_KEY(D, NAME, MADE, BLOCKS)                                                                                \
  extern "C" __global__ __launch_bounds__(THREADS, BLOCKS) void flashAttention##NAME##Grad##D##_bf16(                  \
      int tokens, int S, int H, int G, float scale, float cap, int window, const bf16* q, const bf16* k,               \
      const bf16* v, const int* start, const int* offset, const float* lse, const float* delta, const bf16* dOut,      \
      bf16* dk, bf16* dv) {                                                                                            \
    keyValueGrad<D, MADE>({tokens, S, H, G, D, scale, cap, window}, q, k, v, start, offset, lse, delta, dOut, dk, dv); \
  }
EACH_QUERY(32, 4)
EACH_QUERY(64, 4)
EACH_QUERY(96, 2)
EACH_QUERY(128, 2)
EACH_QUERY(256, 2)
EACH_KEY(32, KeyValue, KEYS | VALUES, 3)
EACH_KEY(64, KeyValue, KEYS | VALUES, 3)
EACH_KEY(96, KeyValue, KEYS | VALUES, 2)
EACH_KEY(128, KeyValue, KEYS | VALUES, 2)
EACH_KEY(256, Key, KEYS, 2)
EACH_KEY(256, Value, VALUES, 2)
