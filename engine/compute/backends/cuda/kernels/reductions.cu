// Sums over all elements, and over the rows of a matrix.
#include "common.cuh"

constexpr int THREADS = 256;
/** Elements a partial sum, rows a partial sum of columns: fixed, so that the order of additions is. */
constexpr int CHUNK = 8192;
constexpr int ROWS = 64;

/** Sum over one chunk, of the numbers or of their squares. Threads go through it side by side. */
template <class T, bool SQUARES>
__device__ float chunkSum(size_t n, const T* x, size_t chunk) {
  __shared__ float room[THREADS];
  size_t end = min((chunk + 1) * CHUNK, n);
  float total = 0.0f;
  for (size_t i = chunk * CHUNK + threadIdx.x; i < end; i += THREADS) {
    float value = toFloat(x[i]);
    total += SQUARES ? value * value : value;
  }
  return blockReduce<THREADS>(total, room, Add());
}

/** A tensor of a list, as the host lays it out. */
struct Part {
  const float* x;
  size_t n;
  /** Chunks of all parts before this. */
  size_t firstChunk;
};

/** The part of a list that a chunk of all belongs to: the last that begins at or before it. */
__device__ int partOf(const Part* parts, int count, size_t chunk) {
  int low = 0;
  int high = count;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (parts[middle].firstChunk <= chunk) low = middle;
    else high = middle;
  }
  return low;
}

/** Partial sums of x, `[n]` → `[chunks]`; a block a chunk. */
template <class T>
__device__ void sumChunks(size_t n, const T* x, float* partials) {
  float total = chunkSum<T, false>(n, x, blockIdx.x);
  if (threadIdx.x == 0) partials[blockIdx.x] = total;
}

/** Partial sums of the squares of a list of tensors, chunk after chunk; a block a chunk. */
extern "C" __global__ void sumSquaresChunks_f32(int count, const Part* parts, float* partials) {
  Part part = parts[partOf(parts, count, blockIdx.x)];
  float total = chunkSum<float, true>(part.n, part.x, blockIdx.x - part.firstChunk);
  if (threadIdx.x == 0) partials[blockIdx.x] = total;
}

/** y = Σ partials, in double precision: `[count]` → `[]`; one block. */
extern "C" __global__ void sumPartials_f32(int count, const float* partials, float* y) {
  __shared__ double room[THREADS];
  double total = 0;
  for (int i = threadIdx.x; i < count; i += THREADS) total += partials[i];
  total = blockReduce<THREADS>(total, room, Add());
  if (threadIdx.x == 0) *y = (float)total;
}

/**
 * Sums of up to ROWS rows each: x `[M, C]` → y `[ceil(M / ROWS), C]`. A thread a channel (x), a block row a chunk (y).
 * Called again on its own result until one row is left.
 */
template <class T>
__device__ void sumRows(int M, int C, const T* x, float* y) {
  size_t c = globalThread();
  if (c >= C) return;
  int first = blockIdx.y * ROWS;
  int end = min(first + ROWS, M);
  float total = 0.0f;
  for (int row = first; row < end; row++) total += toFloat(x[(size_t)row * C + c]);
  y[(size_t)blockIdx.y * C + c] = total;
}

#define EACH(T, NAME)                                                                                                  \
  extern "C" __global__ void sumChunks_##NAME(size_t n, const T* x, float* partials) { sumChunks(n, x, partials); }    \
  extern "C" __global__ void sumRows_##NAME(int M, int C, const T* x, float* y) { sumRows(M, C, x, y); }
EACH(float, f32)
EACH(bf16, bf16)
