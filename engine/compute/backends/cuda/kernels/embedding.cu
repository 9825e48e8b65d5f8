// Rows of a table by token id, and the table's gradient.
//
// The gradient adds up rows of dy by their id. To do so in the order of the positions, without atomics, the positions
// are sorted by id first: a radix sort, least digit first, each pass of which keeps the order of equal digits. Then a
// block a row of the table finds its positions by bisection and adds them up.
#include "common.cuh"

constexpr int THREADS = 256;
/** Values of a digit. */
constexpr int DIGITS = 256;

/** y = table[ids]: table `[V, C]`, ids `[K]`, y `[K, C]`; a thread an element. An id outside the table is a fault. */
template <class From, class To>
__device__ void embedding(size_t n, int V, int C, const From* table, const int* ids, To* y, int* fault,
                          int instruction) {
  size_t i = globalThread();
  if (i >= n) return;
  size_t row = i / C;
  int c = (int)(i - row * C);
  int id = ids[row];
  bool isThere = id >= 0 && id < V;
  if (!isThere && c == 0) reportFault(fault, instruction, id, V);
  y[i] = fromFloat<To>(isThere ? toFloat(table[(size_t)id * C + c]) : 0.0f);
}

#define EACH_PAIR(FROM, TO, NAME)                                                                                      \
  extern "C" __global__ void embedding_##NAME(size_t n, int V, int C, const FROM* table, const int* ids, TO* y,        \
                                              int* fault, int instruction) {                                           \
    embedding(n, V, C, table, ids, y, fault, instruction);                                                             \
  }
EACH_PAIR(float, float, f32_f32)
EACH_PAIR(float, bf16, f32_bf16)
EACH_PAIR(bf16, float, bf16_f32)
EACH_PAIR(bf16, bf16, bf16_bf16)

/** The digit of an id that a pass sorts by. */
__device__ __forceinline__ int digitOf(int id, int shift) { return (id >> shift) & (DIGITS - 1); }

/** Positions in their own order: `[K]`. Ids outside the table are a fault. */
extern "C" __global__ void embeddingGradStart(int K, int V, const int* ids, int* order, int* fault, int instruction) {
  size_t i = globalThread();
  if (i >= K) return;
  order[i] = (int)i;
  if (ids[i] < 0 || ids[i] >= V) reportFault(fault, instruction, ids[i], V);
}

/** How often each digit occurs in each block's positions: counts `[DIGITS, blocks]`. */
extern "C" __global__ void embeddingGradCount(int K, int shift, const int* ids, const int* order, int* counts) {
  __shared__ int found[DIGITS];
  found[threadIdx.x] = 0;
  __syncthreads();
  size_t i = globalThread();
  // Integers may be added in any order.
  if (i < K) atomicAdd(&found[digitOf(ids[order[i]], shift)], 1);
  __syncthreads();
  counts[threadIdx.x * (size_t)gridDim.x + blockIdx.x] = found[threadIdx.x];
}

/** Replaces each of the n counts by the sum of all before it; one block. */
extern "C" __global__ void embeddingGradScan(int n, int* counts) {
  __shared__ int sums[THREADS];
  int each = (n + THREADS - 1) / THREADS;
  int first = min((int)threadIdx.x * each, n);
  int end = min(first + each, n);
  int own = 0;
  for (int i = first; i < end; i++) own += counts[i];
  sums[threadIdx.x] = own;
  __syncthreads();
  int before = 0;
  for (int thread = 0; thread < threadIdx.x; thread++) before += sums[thread];
  for (int i = first; i < end; i++) {
    int count = counts[i];
    counts[i] = before;
    before += count;
  }
}

/** Moves each position to its place by digit; positions of equal digits keep their order. */
extern "C" __global__ void embeddingGradMove(int K, int shift, const int* ids, const int* order, const int* places,
                                             int* moved) {
  __shared__ int digits[THREADS];
  size_t i = globalThread();
  int position = i < K ? order[i] : 0;
  int digit = i < K ? digitOf(ids[position], shift) : -1;
  digits[threadIdx.x] = digit;
  __syncthreads();
  if (i >= K) return;
  int rank = 0;
  for (int thread = 0; thread < threadIdx.x; thread++) rank += digits[thread] == digit;
  moved[places[digit * (size_t)gridDim.x + blockIdx.x] + rank] = position;
}

/** First of the sorted positions whose id is not below `id`. */
__device__ int lowerBound(int K, const int* ids, const int* order, int id) {
  int low = 0;
  int high = K;
  while (low < high) {
    int middle = (low + high) / 2;
    if (ids[order[middle]] < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** dTable[v] = Σ dy[k] over the positions k of id v, in their order: `[V, C]`; a block a row. */
template <class T>
__device__ void embeddingGradSum(int K, int C, const int* ids, const int* order, const T* dy, float* dTable) {
  int v = blockIdx.x;
  int first = lowerBound(K, ids, order, v);
  int end = lowerBound(K, ids, order, v + 1);
  for (int c = threadIdx.x; c < C; c += blockDim.x) {
    float total = 0.0f;
    for (int i = first; i < end; i++) total += toFloat(dy[(size_t)order[i] * C + c]);
    dTable[(size_t)v * C + c] = total;
  }
}

extern "C" __global__ void embeddingGradSum_f32(int K, int C, const int* ids, const int* order, const float* dy,
                                                float* dTable) {
  embeddingGradSum(K, C, ids, order, dy, dTable);
}
extern "C" __global__ void embeddingGradSum_bf16(int K, int C, const int* ids, const int* order, const bf16* dy,
                                                 float* dTable) {
  embeddingGradSum(K, C, ids, order, dy, dTable);
}
