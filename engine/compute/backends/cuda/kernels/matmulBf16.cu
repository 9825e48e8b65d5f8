// Matrix product of bf16 on tensor cores, sums in f32: y = a·b (+ addend). a is `[M, K]`, b `[K, N]`, y `[M, N]`.
//
// A block of eight warps, two along M and four along N, makes a tile of 128×128 of y; a warp makes 64×32 of it by
// mma.sync.m16n8k16. Tiles of a and b, 32 numbers of K deep, are copied to shared memory by cp.async, two tiles ahead
// of the sums. Rows of a tile in memory (along K, or along M or N where an operand lies transposed) are cut into chunks
// of 16 bytes, whose order within a row is permuted by XOR with the row, so that the eight rows that ldmatrix reads at
// a time lie in different banks.
//
// Where y has too few tiles for a card, as a small weight's gradient, several blocks share the K of a tile: each writes the
// sums of its part, `[parts, M, N]`, and a second kernel adds the parts in their order.
//
// Rows in memory must begin at multiples of 16 bytes; their distance, in numbers, may be more than their length. Every
// number of y is summed in the same order, wherever it lies in a tile.
#include "tensorCores.cuh"

constexpr int TILE = 128;
constexpr int DEPTH = 32;
constexpr int STAGES = 3;
constexpr int THREADS = 256;
constexpr int TILE_ELEMENTS = TILE * DEPTH;
/** Dynamic shared memory: a tile of a and one of b a stage. */
constexpr int SHARED_BYTES = STAGES * 2 * TILE_ELEMENTS * (int)sizeof(bf16);
static_assert(SHARED_BYTES <= 48 * 1024, "more would have to be asked for");
/** A warp's share, in instructions: four of 16 rows, four of 8 columns. */
constexpr int ROWS = 4;
constexpr int COLUMNS = 4;

/**
 * An operand's tiles in shared memory. "Outer" is its axis that is not K. ALONG_K: a row of memory runs along K, and a
 * tile is 128 rows of 32 numbers; else it runs along the outer axis, and a tile is 32 rows of 128.
 */
template <bool ALONG_K>
struct Operand {
  static constexpr int WIDTH = ALONG_K ? DEPTH : TILE;
  static constexpr int CHUNKS = WIDTH / CHUNK;

  /** Place of a chunk in its tile. Two rows of 32 numbers share a line of banks; a row of 128 takes two. */
  static __device__ __forceinline__ int place(int row, int chunk) {
    int permuted = ALONG_K ? chunk ^ ((row >> 1) & 3) : chunk ^ (row & 7);
    return row * WIDTH + permuted * CHUNK;
  }

  /** Starts to copy the tile at (outer, k) of `[outerSize, K]`, rows `step` apart; what lies outside becomes 0. */
  static __device__ __forceinline__ void copy(bf16* tile, const bf16* data, size_t step, int outer, int k,
                                              int outerSize, int K) {
    int row0 = ALONG_K ? outer : k;
    int column0 = ALONG_K ? k : outer;
    int height = ALONG_K ? outerSize : K;
    int width = ALONG_K ? K : outerSize;
#pragma unroll
    for (int i = 0; i < TILE_ELEMENTS / CHUNK / THREADS; i++) {
      int index = i * THREADS + threadIdx.x;
      int row = index / CHUNKS;
      int chunk = index % CHUNKS;
      int column = column0 + chunk * CHUNK;
      int rest = row0 + row < height ? min(max(width - column, 0), CHUNK) : 0;
      const bf16* from = rest > 0 ? data + (row0 + row) * step + column : data;
      copyAsync(tile + place(row, chunk), from, rest * (int)sizeof(bf16));
    }
  }

  /**
   * Two by two matrices of 8 numbers of each axis, from (outer, k) on, as fragments of mma. The first half of the lanes
   * names rows of `lowFirst` ? the lower 8 of K : the lower 8 of the outer axis, the order in which mma takes a and b.
   */
  template <bool OUTER_FIRST>
  static __device__ __forceinline__ void load(unsigned (&to)[4], const bf16* tile, int outer, int k) {
    int lane = threadIdx.x % WARP;
    int matrix = lane / 8;
    int outerHalf = OUTER_FIRST ? matrix % 2 : matrix / 2;
    int kHalf = OUTER_FIRST ? matrix / 2 : matrix % 2;
    if (ALONG_K) loadMatrices<false>(to, tile + place(outer + outerHalf * 8 + lane % 8, k / CHUNK + kHalf));
    else loadMatrices<true>(to, tile + place(k + kHalf * 8 + lane % 8, outer / CHUNK + outerHalf));
  }
};

/** TRANSPOSE_A: a lies as `[K, M]`; TRANSPOSE_B: b lies as `[N, K]`. A block takes `most` of the tiles along K. */
template <bool TRANSPOSE_A, bool TRANSPOSE_B, class Y>
__device__ void matmul(int M, int N, int K, const bf16* a, size_t aStep, const bf16* b, size_t bStep,
                       const void* addend, int addendStep, Y* y, int first, int most) {
  using Left = Operand<!TRANSPOSE_A>;
  using Right = Operand<TRANSPOSE_B>;
  extern __shared__ __align__(128) bf16 shared[];
  bf16* lefts = shared;                           // [STAGES, tile of a]
  bf16* rights = shared + STAGES * TILE_ELEMENTS; // [STAGES, tile of b]
  int rows = blockIdx.y * TILE;
  int columns = blockIdx.x * TILE;
  int warp = threadIdx.x / WARP;
  int warpRow = (warp / 4) * ROWS * 16;
  int warpColumn = (warp % 4) * COLUMNS * 8;
  float sums[ROWS][COLUMNS][4] = {};
  int steps = min((K + DEPTH - 1) / DEPTH - first, most);

  auto copy = [&](int step) {
    if (step < steps) {
      int stage = step % STAGES * TILE_ELEMENTS;
      Left::copy(lefts + stage, a, aStep, rows, (first + step) * DEPTH, M, K);
      Right::copy(rights + stage, b, bStep, columns, (first + step) * DEPTH, N, K);
    }
    // An empty group counts, too: the waits below then mean the same at the end.
    commitCopies();
  };

#pragma unroll
  for (int step = 0; step < STAGES - 1; step++) copy(step);
  for (int step = 0; step < steps; step++) {
    waitForCopies<STAGES - 2>();
    // Now all warps' copies of this step are there, and nobody reads the stage any more that is filled next.
    __syncthreads();
    copy(step + STAGES - 1);
    const bf16* left = lefts + step % STAGES * TILE_ELEMENTS;
    const bf16* right = rights + step % STAGES * TILE_ELEMENTS;
#pragma unroll
    for (int k = 0; k < DEPTH; k += 16) {
      unsigned as[ROWS][4];
      unsigned bs[COLUMNS / 2][4];
#pragma unroll
      for (int i = 0; i < ROWS; i++) Left::template load<true>(as[i], left, warpRow + i * 16, k);
#pragma unroll
      for (int j = 0; j < COLUMNS / 2; j++) Right::template load<false>(bs[j], right, warpColumn + j * 16, k);
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) multiply(sums[i][j], as[i], bs[j / 2][j % 2 * 2], bs[j / 2][j % 2 * 2 + 1]);
      }
    }
  }

  // A lane holds two neighbours of a row, and two of the row eight below.
  int lane = threadIdx.x % WARP;
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) {
#pragma unroll
      for (int part = 0; part < 4; part++) {
        int row = rows + warpRow + i * 16 + lane / 4 + part / 2 * 8;
        int column = columns + warpColumn + j * 8 + lane % 4 * 2 + part % 2;
        if (row >= M || column >= N) continue;
        float sum = sums[i][j][part];
        // It may be y itself.
        if (addend != nullptr) sum += addendAt<Y>(addend, addendStep, row, column);
        y[(size_t)row * N + column] = fromFloat<Y>(sum);
      }
    }
  }
}

#define EACH(Y, NAME, LAYOUT, TRANSPOSE_A, TRANSPOSE_B)                                                                \
  extern "C" __global__ __launch_bounds__(THREADS, 2) void matmulBf16_##LAYOUT##_##NAME(                               \
      int M, int N, int K, const bf16* a, size_t aStep, const bf16* b, size_t bStep, const void* addend,               \
      int addendStep, Y* y) {                                                                                          \
    matmul<TRANSPOSE_A, TRANSPOSE_B, Y>(M, N, K, a, aStep, b, bStep, addend, addendStep, y, 0, K);                     \
  }
EACH(float, f32, nn, false, false)
EACH(float, f32, nt, false, true)
EACH(float, f32, tn, true, false)
EACH(float, f32, tt, true, true)
EACH(bf16, bf16, nn, false, false)
EACH(bf16, bf16, nt, false, true)
EACH(bf16, bf16, tn, true, false)
EACH(bf16, bf16, tt, true, true)

/** Part `blockIdx.z` of a·b, `most` tiles of K deep, to `[parts, M, N]`. */
extern "C" __global__ __launch_bounds__(THREADS, 2) void matmulBf16Part_tn(int M, int N, int K, const bf16* a,
                                                                           size_t aStep, const bf16* b, size_t bStep,
                                                                           int most, float* parts) {
  float* own = parts + (size_t)blockIdx.z * M * N;
  matmul<true, false, float>(M, N, K, a, aStep, b, bStep, nullptr, 0, own, blockIdx.z * most, most);
}

/** y = Σ parts (+ addend), n numbers of y, N a row. */
template <class Y>
__device__ void joinParts(size_t n, int N, int count, const float* parts, const void* addend, int addendStep, Y* y) {
  size_t i = globalThread();
  if (i >= n) return;
  float sum = parts[i];
  for (int part = 1; part < count; part++) sum += parts[part * n + i];
  if (addend != nullptr) sum += addendAt<Y>(addend, addendStep, (int)(i / N), (int)(i % N));
  y[i] = fromFloat<Y>(sum);
}

#define JOIN(Y, NAME)                                                                                                  \
  extern "C" __global__ void matmulBf16Join_##NAME(size_t n, int N, int count, const float* parts, const void* addend, \
                                                   int addendStep, Y* y) {                                             \
    joinParts(n, N, count, parts, addend, addendStep, y);                                                              \
  }
JOIN(float, f32)
JOIN(bf16, bf16)
