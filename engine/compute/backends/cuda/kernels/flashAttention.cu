// Causal softmax attention of bf16 on tensor cores, softmax and sums in f32 (FlashAttention-2: Dao 2023,
// arXiv:2307.08691): what attention.cu computes, for heads of D = 32, 64, 96, 128 or 256 channels. q `[B, T, H, D]`, k
// and v `[B, S, G, D]`, start `[B]`, offset `[1]` → o `[B, T, H, D]` and the log-sum-exp of the scores `[B, H, T]`.
//
// A warp takes 16 rows of one group (attention.cuh), for good, and goes through the keys in segments of 128 (32 where D is 256: more would
// not fit into the registers):
//   scores [16, 128] = rows [16, D] · keys [128, D]ᵀ, in 16 fragments of c;
//   weights = 2^(score − the segment's largest), rounded to bf16, which in registers are fragments of a already;
//   sums [16, D] = sums · before + (weights [16, 128] · values [128, D]) · after,
// where before and after bring the sums so far and the segment's to one largest score. That is one multiplication more a
// number than keeping a running largest score; for it, segments may be worked on by one block or by many, as below, and
// the product with the values needs registers for 32 channels at a time only.
//
// Keys and values come as tiles of a segment's keys by 32 channels, D / 32 of keys and then as many of values, copied by
// cp.async three tiles ahead of the products. A block is four warps, whose rows need much the same keys. With at most
// 16 rows (decoding) it is one warp; if then most of the card would be idle, each block takes one segment, and a second
// kernel joins their results in the order in which one block joins its segments. So a query gets the same bytes in any
// program.
#include "flashAttention.cuh"

/** A warp's rows. */
constexpr int WARP_ROWS = 16;
constexpr int STAGES = 4;
/** Fragments of c beside each other in the sums of a tile's channels. */
constexpr int PART_SUMS = PART / 8;

template <int D, int BLOCK_WARPS>
__device__ void flashAttention(Shape shape, int splits, const bf16* q, const bf16* k, const bf16* v, const int* start,
                               const int* offset, bf16* o, float* lse, Partial partial) {
  constexpr int BLOCK_THREADS = BLOCK_WARPS * WARP;
  constexpr int ROWS = BLOCK_WARPS * WARP_ROWS;
  constexpr int PARTS = D / PART;
  constexpr int KEYS = segmentOf(D);
  constexpr int TILE_ELEMENTS = KEYS * PART;
  /** Fragments of c beside each other in a warp's scores, and of a in its weights. */
  constexpr int SCORES = KEYS / 8;
  constexpr int WEIGHTS = KEYS / 16;
  /** Tiles a segment. */
  constexpr int STEPS = 2 * PARTS;
  static_assert((ROWS * D + STAGES * TILE_ELEMENTS) * sizeof(bf16) <= 48 * 1024, "more would have to be asked for");
  extern __shared__ __align__(128) bf16 shared[];
  bf16* queries = shared;            // [PARTS, ROWS, 32]
  bf16* tiles = queries + ROWS * D;  // [STAGES, KEYS, 32]
  int g = blockIdx.y;
  int b = blockIdx.z / splits;
  int split = blockIdx.z % splits;
  // The last rows see the most keys; they begin first, so that the card does not wait for them in the end.
  int row0 = (gridDim.x - 1 - blockIdx.x) * ROWS;
  int position0 = *offset;
  auto seenBy = [&](int row) {
    return row < shape.rows() ? visible(shape, start[b], position0 + shape.tokenOf(row)) : Range{0, 0};
  };

  // Keys that any row of the block sees, and that the block is to take.
  Range wanted = {seenBy(row0).from, seenBy(min(row0 + ROWS, shape.rows()) - 1).to};
  if (splits > 1) wanted = {max(wanted.from, split * KEYS), min(wanted.to, (split + 1) * KEYS)};
  int first = wanted.from / KEYS * KEYS;
  int segments = wanted.from < wanted.to ? (wanted.to - first + KEYS - 1) / KEYS : 0;

  const bf16* keys = k + shape.key(b, g, 0);
  const bf16* values = v + shape.key(b, g, 0);
  int keyStep = shape.G * D;
  // Where STEPS is a multiple of STAGES, the compiler knows each step's.
  auto tileOf = [&](int segment, int step) {
    return tiles + (unsigned)(segment * STEPS + step) % STAGES * TILE_ELEMENTS;
  };
  // Steps of the segments after follow those of a segment.
  auto copy = [&](int segment, int step) {
    bf16* tile = tileOf(segment, step);
    segment += step / STEPS;
    if (segment < segments) {
      int key0 = first + segment * KEYS;
      const bf16* data = step / PARTS % 2 == 0 ? keys : values;
      copyTile<KEYS, BLOCK_THREADS>(tile, step % PARTS * PART, data, [&](int i) {
        // What no row sees may never have been written.
        return key0 + i < wanted.to ? data + (long long)(key0 + i) * keyStep : nullptr;
      });
    }
    // An empty group counts, too: the waits below then mean the same at the end.
    commitCopies();
  };
#pragma unroll
  for (int part = 0; part < PARTS; part++) {
    copyTile<ROWS, BLOCK_THREADS>(queries + part * ROWS * PART, part * PART, q, [&](int i) {
      return row0 + i < shape.rows() ? q + shape.query(b, g, row0 + i) : nullptr;
    });
  }
#pragma unroll
  for (int step = 0; step < STAGES - 1; step++) copy(0, step);

  int lane = threadIdx.x % WARP;
  int warpRow = threadIdx.x / WARP * WARP_ROWS;
  int warpRow0 = row0 + warpRow;
  int warpLast = min(warpRow0 + WARP_ROWS, shape.rows()) - 1;
  Range firstSeen = seenBy(warpRow0);
  Range lastSeen = warpRow0 < shape.rows() ? seenBy(warpLast) : Range{0, 0};
  // A lane has numbers of two rows, lane / 4 and eight below.
  Range seen[2];
  Softmax all[2];
  Joined joined[2];
  float sums[D / 8][4] = {};
#pragma unroll
  for (int half = 0; half < 2; half++) {
    seen[half] = seenBy(warpRow0 + lane / 4 + half * 8);
    all[half] = {EMPTY_LSE, 0.0f};
  }

#pragma unroll 1
  for (int segment = 0; segment < segments; segment++) {
    int key0 = first + segment * KEYS;
    bool isSeenWhole = key0 >= lastSeen.from && key0 + KEYS <= firstSeen.to;

    float scores[SCORES][4] = {};
    // Unrolled, 256 channels take more registers than there are.
#pragma unroll(D <= 128 ? PARTS : 1)
    for (int part = 0; part < PARTS; part++) {
      waitForCopies<STAGES - 2>();
      // Now all warps' copies of this tile are there, and nobody reads the stage any more that is filled next.
      __syncthreads();
      copy(segment, part + STAGES - 1);
      multiplyTile(scores, queries + part * ROWS * PART, warpRow, tileOf(segment, part));
    }

    unsigned weights[WEIGHTS][4];
    toScores(scores, shape.scale, shape.cap);
    if (!isSeenWhole) {
      int lane0 = key0 + lane % 4 * 2;
#pragma unroll
      for (int n = 0; n < SCORES; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          if (!seen[i / 2].countedFrom(lane0).has(n * 8 + i % 2)) scores[n][i] = -INFINITY;
        }
      }
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float top = EMPTY_LSE;
#pragma unroll
      for (int n = 0; n < SCORES; n++) top = fmaxf(top, fmaxf(scores[n][half * 2], scores[n][half * 2 + 1]));
      top = acrossRow(top, [](float x, float y) { return fmaxf(x, y); });
      float total = 0.0f;
#pragma unroll
      for (int n = 0; n < SCORES; n++) {
#pragma unroll
        for (int i = half * 2; i < half * 2 + 2; i++) {
          scores[n][i] = power2(scores[n][i] - top);
          total += scores[n][i];
        }
      }
      joined[half] = join<Binary>(all[half], {top, acrossRow(total, Add())});
      all[half] = joined[half].both;
    }
    rounded(weights, scores);

#pragma unroll
    for (int part = 0; part < PARTS; part++) {
      waitForCopies<STAGES - 2>();
      __syncthreads();
      copy(segment, PARTS + part + STAGES - 1);
      float own[PART_SUMS][4] = {};
      addTile(own, weights, tileOf(segment, PARTS + part));
#pragma unroll
      for (int n = 0; n < PART_SUMS; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          float& sum = sums[part * PART_SUMS + n][i];
          sum = fmaf(sum, joined[i / 2].before, __fmul_rn(own[n][i], joined[i / 2].after));
        }
      }
    }
  }

#pragma unroll
  for (int half = 0; half < 2; half++) {
    int row = warpRow0 + lane / 4 + half * 8;
    if (row >= shape.rows()) continue;
    size_t number = shape.number(b, g, row);
    size_t at = shape.query(b, g, row) + lane % 4 * 2;
    if (splits == 1) {
      float inverse = all[half].total > 0.0f ? 1.0f / all[half].total : 0.0f;
#pragma unroll
      for (int n = 0; n < D / 8; n++) {
        // Rows are of whole chunks, and pairs begin at even places.
        *reinterpret_cast<unsigned*>(o + at + n * 8) =
            packed(sums[n][half * 2] * inverse, sums[n][half * 2 + 1] * inverse);
      }
      if (lane % 4 == 0) lse[number] = logSumExp<Binary>(all[half]);
    } else {
      size_t count = (size_t)(gridDim.z / splits) * shape.T * shape.H; // B·T·H
#pragma unroll
      for (int n = 0; n < D / 8; n++) {
        *reinterpret_cast<float2*>(partial.sums + split * count * D + at + n * 8) =
            make_float2(sums[n][half * 2], sums[n][half * 2 + 1]);
      }
      if (lane % 4 == 0) {
        partial.tops[(split * count + number) * 2] = all[half].top;
        partial.tops[(split * count + number) * 2 + 1] = all[half].total;
      }
    }
  }
}

#define EACH(D, NAME, BLOCK_WARPS, BLOCKS)                                                                             \
  extern "C" __global__ __launch_bounds__(BLOCK_WARPS* WARP, BLOCKS) void NAME##D##_bf16(                              \
      int tokens, int S, int H, int G, float scale, float cap, int window, int splits, const bf16* q, const bf16* k,   \
      const bf16* v, const int* start, const int* offset, bf16* o, float* lse, float* sums, float* tops) {             \
    flashAttention<D, BLOCK_WARPS>({tokens, S, H, G, D, scale, cap, window}, splits, q, k, v, start, offset, o, lse,   \
                                   {sums, tops});                                                                      \
  }
EACH(32, flashAttention, 4, 3)
EACH(32, flashAttentionFew, 1, 6)
EACH(64, flashAttention, 4, 3)
EACH(64, flashAttentionFew, 1, 6)
EACH(96, flashAttention, 4, 2)
EACH(96, flashAttentionFew, 1, 6)
EACH(128, flashAttention, 4, 2)
EACH(128, flashAttentionFew, 1, 6)
EACH(256, flashAttention, 4, 2)
EACH(256, flashAttentionFew, 1, 6)

extern "C" __global__ void flashAttentionJoin_bf16(int rows, int tokens, int H, int D, int splits, float* sums,
                                                   float* tops, bf16* o, float* lse) {
  attentionJoin<Binary>(rows, tokens, H, D, splits, {sums, tops}, o, lse);
}
