// Draws one token a row by the inverse of the cumulative distribution; a block a row. The uniform numbers come from the
// host, and all sums of probabilities are in double precision: so a seed draws the same tokens as on the CPU. What was
// drawn stays on the device, as the next step's input.
#include "common.cuh"
#include <limits.h>

constexpr int THREADS = 256;

/** An integer that ranks as the number does; equal numbers have equal ranks, NaN the lowest. */
__device__ __forceinline__ int rankOf(float x) {
  if (x != x) return INT_MIN;
  // Adding 0 makes −0 equal to 0. Negative floats order backwards as integers: flip them.
  int bits = __float_as_int(x + 0.0f);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

/** One row, and shared memory for the block's sums. */
struct Row {
  int V;
  const float* logits;
  float cap;
  /** Unnormalised probabilities; 0 for tokens that were cut off. */
  float* weights;
  double* room;

  __device__ __forceinline__ float logit(int i) const { return softcap(logits[i], cap); }
  __device__ __forceinline__ int rank(int i) const { return rankOf(logit(i)); }

  /** Sum of a function over all tokens; every thread gets it. */
  template <class F>
  __device__ double sum(F f) const {
    double total = 0;
    for (int i = threadIdx.x; i < V; i += THREADS) total += f(i);
    return blockReduce<THREADS>(total, room, Add());
  }

  /** Each thread's own run of tokens, in the order of the threads. */
  __device__ __forceinline__ int first() const { return min((int)threadIdx.x * ((V + THREADS - 1) / THREADS), V); }
  __device__ __forceinline__ int end() const { return min(((int)threadIdx.x + 1) * ((V + THREADS - 1) / THREADS), V); }

  /** Sum of a function over all tokens before the thread's own run. */
  template <class F>
  __device__ double sumBefore(F f) const {
    double own = 0;
    for (int i = first(); i < end(); i++) own += f(i);
    room[threadIdx.x] = own;
    __syncthreads();
    double before = 0;
    for (int thread = 0; thread < threadIdx.x; thread++) before += room[thread];
    __syncthreads();
    return before;
  }
};

/**
 * Keeps the fewest tokens, by rank and then by index, whose measure (a count of 1 each, or their weights) reaches the
 * goal; zeroes the weights of all others.
 */
template <class F>
__device__ void keep(const Row& row, double goal, F measure) {
  auto from = [&](long long least) {
    return row.sum([&](int i) { return row.rank(i) >= least ? measure(i) : 0.0; });
  };
  long long low = INT_MIN;            // from(low) ≥ goal
  long long high = INT_MAX + 1ll;     // from(high) < goal
  while (low + 1 < high) {
    long long middle = (low + high) >> 1;
    if (from(middle) >= goal) low = middle;
    else high = middle;
  }
  // Of the tokens of rank `low`, the first by index that are still needed.
  double kept = from(low + 1) + row.sumBefore([&](int i) { return row.rank(i) == low ? measure(i) : 0.0; });
  for (int i = row.first(); i < row.end(); i++) {
    int rank = row.rank(i);
    if (rank > low) continue;
    bool isNeeded = rank == low && kept < goal;
    if (isNeeded) kept += measure(i);
    else row.weights[i] = 0.0f;
  }
  __syncthreads();
}

/** logits `[B, V]`, uniform `[B]` → token and logprob `[B]`; weights are scratch, `[B, V]`. */
extern "C" __global__ void sample_f32(int V, float temperature, int topK, float topP, float cap, const float* logits,
                                      const float* uniform, float* weights, int* token, float* logprob) {
  __shared__ double room[THREADS];
  __shared__ unsigned long long keys[THREADS];
  __shared__ int indices[THREADS];
  size_t start = (size_t)blockIdx.x * V;
  Row row = {V, logits + start, cap, weights + start, room};

  // The first of the largest: by rank, then the lower index.
  unsigned long long own = 0;
  for (int i = threadIdx.x; i < V; i += THREADS) {
    unsigned long long rank = (unsigned)row.rank(i) ^ 0x80000000u;
    own = Max()(own, rank << 32 | (0xffffffffu - (unsigned)i));
  }
  int best = (int)(0xffffffffu - (unsigned)blockReduce<THREADS>(own, keys, Max()));
  if (temperature == 0.0f) {
    if (threadIdx.x != 0) return;
    token[blockIdx.x] = best;
    logprob[blockIdx.x] = 0.0f;
    return;
  }

  float top = row.logit(best);
  float sharpness = 1.0f / temperature;
  for (int i = threadIdx.x; i < V; i += THREADS) row.weights[i] = expf((row.logit(i) - top) * sharpness);
  __syncthreads();
  auto weight = [&](int i) { return (double)row.weights[i]; };
  if (topK > 0 && topK < V) keep(row, topK, [](int) { return 1.0; });
  if (topP < 1.0f) keep(row, topP * row.sum(weight), weight);

  // The first token, by index, whose cumulative weight exceeds the mark.
  double mass = row.sum(weight);
  double mark = uniform[blockIdx.x] * mass;
  double cumulative = row.sumBefore(weight);
  int chosen = INT_MAX;
  int last = -1;
  for (int i = row.first(); i < row.end(); i++) {
    if (row.weights[i] == 0.0f) continue;
    cumulative += weight(i);
    last = i;
    if (cumulative > mark && chosen == INT_MAX) chosen = i;
  }
  chosen = blockReduce<THREADS>(chosen, indices, Min());
  // Rounding can leave the last cumulative weight below the mark.
  last = blockReduce<THREADS>(last, indices, Max());
  if (chosen == INT_MAX) chosen = max(last, 0);
  if (threadIdx.x != 0) return;
  token[blockIdx.x] = chosen;
  logprob[blockIdx.x] = (row.logit(chosen) - top) / temperature - logf((float)mass);
}

/**
 * Row `step` of tokens and logprobs `[N, B]` and ids `[B]` become what was drawn, `[B]`; positions `[B]`, offset and step
 * grow by 1. By one block: every thread has read the step before it grows. A step that does not fit is a fault, and
 * nothing is written.
 */
extern "C" __global__ void advance(int N, int B, int* tokens, float* logprobs, int* ids, int* positions, int* offset,
                                   int* step, const int* token, const float* logprob, int* fault, int instruction) {
  int done = *step;
  if (done < 0 || done >= N) {
    if (threadIdx.x == 0) reportFault(fault, instruction, done, N);
    return;
  }
  __syncthreads();
  for (int row = threadIdx.x; row < B; row += THREADS) {
    tokens[(size_t)done * B + row] = token[row];
    logprobs[(size_t)done * B + row] = logprob[row];
    ids[row] = token[row];
    positions[row]++;
  }
  if (threadIdx.x != 0) return;
  *offset += 1;
  *step = done + 1;
}
