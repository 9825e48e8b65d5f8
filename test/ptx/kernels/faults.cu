// Kernels that each do one thing wrong, next to the right way where the difference is small. The interpreter's own tests
// run them; nothing else does.
#include <stdint.h>

constexpr int THREADS = 64;

// Reverses 64 numbers through shared memory, with and without the barrier in between.
extern "C" __global__ void reverse(const float* x, float* y) {
  __shared__ float tile[THREADS];
  int t = threadIdx.x;
  tile[t] = x[t];
  __syncthreads();
  y[t] = tile[THREADS - 1 - t];
}

extern "C" __global__ void missingBarrier(const float* x, float* y) {
  __shared__ float tile[THREADS];
  int t = threadIdx.x;
  tile[t] = x[t];
  y[t] = tile[THREADS - 1 - t];
}

// The tile is read and at once filled again: the second barrier of the loop is missing.
extern "C" __global__ void overwritten(const float* x, float* y, int rounds) {
  __shared__ float tile[THREADS];
  int t = threadIdx.x;
  float sum = 0.0f;
  for (int round = 0; round < rounds; round++) {
    tile[t] = x[round * THREADS + t];
    __syncthreads();
    sum += tile[THREADS - 1 - t];
  }
  y[t] = sum;
}

// Lanes of one warp pass values on through shared memory, with and without __syncwarp.
extern "C" __global__ void withinWarp(const float* x, float* y) {
  __shared__ float tile[32];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncwarp();
  float value = tile[31 - threadIdx.x];
  __syncwarp();
  tile[threadIdx.x] = value;
  __syncwarp();
  y[threadIdx.x] = tile[threadIdx.x ^ 1];
}

extern "C" __global__ void missingWarpBarrier(const float* x, float* y) {
  __shared__ float tile[32];
  tile[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = tile[31 - threadIdx.x];
}

extern "C" __global__ void offByOne(const float* x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i <= n) y[i] = 2.0f * x[i];
}

extern "C" __global__ void differenceBefore(const float* x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] - x[i - 1];
}

extern "C" __global__ void beyondShared(float* y, int at) {
  extern __shared__ float dynamic[];
  dynamic[threadIdx.x + at] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = dynamic[threadIdx.x + at];
}

extern "C" __global__ void uninitialisedShared(float* y) {
  __shared__ float tile[THREADS + 1];
  tile[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x + 1];
}

extern "C" __global__ void copyOne(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }

extern "C" __global__ void misaligned(const float* x, float4* y) {
  y[threadIdx.x] = *reinterpret_cast<const float4*>(x + 4 * threadIdx.x + 1);
}

// Every block adds to one sum: atomically, and not.
extern "C" __global__ void counted(unsigned* sum) { atomicAdd(sum, threadIdx.x); }

extern "C" __global__ void raceOfBlocks(unsigned* sum) {
  if (threadIdx.x == 0) *sum += 1;
}

// A block reads what another one writes.
extern "C" __global__ void neighbourBlock(float* x) { x[blockIdx.x] = x[(blockIdx.x + 1) % gridDim.x]; }

extern "C" __global__ void divergentBarrier(float* y) {
  if (threadIdx.x < 40) __syncthreads();
  y[threadIdx.x] = 1.0f;
}

extern "C" __global__ void exitBeforeBarrier(float* y, int n) {
  if (threadIdx.x >= n) return;
  y[threadIdx.x] = 1.0f;
  __syncthreads();
  y[threadIdx.x] = 2.0f;
}

extern "C" __global__ void strayShuffle(const int* x, int* y) {
  int value = x[threadIdx.x];
  if (threadIdx.x < 16) value = __shfl_xor_sync(0xffff, value, 16);
  y[threadIdx.x] = value;
}

// x is promised to be constant, and is y.
extern "C" __global__ void brokenPromise(const float* __restrict__ x, float* __restrict__ y) {
  int t = threadIdx.x;
  float own = x[t];
  y[t] = own + 1.0f;
  __syncthreads();
  y[t] = own + x[THREADS - 1 - t];
}

__device__ __forceinline__ void copyAsync(float* to, const float* from) {
  uint32_t address = (uint32_t)__cvta_generic_to_shared(to);
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(address), "l"(from) : "memory");
  asm volatile("cp.async.commit_group;" ::: "memory");
}

// Two copies to shared memory, of which the older one is waited for, and both, and none.
extern "C" __global__ void waitedCopy(const float* x, float* y) {
  __shared__ float tile[2][THREADS];
  int t = threadIdx.x;
  copyAsync(&tile[0][t], x + t);
  copyAsync(&tile[1][t], x + THREADS + t);
  asm volatile("cp.async.wait_group 1;" ::: "memory");
  __syncthreads();
  y[t] = tile[0][THREADS - 1 - t];
  asm volatile("cp.async.wait_all;" ::: "memory");
  __syncthreads();
  y[THREADS + t] = tile[1][THREADS - 1 - t];
}

extern "C" __global__ void unwaitedCopy(const float* x, float* y) {
  __shared__ float tile[2][THREADS];
  int t = threadIdx.x;
  copyAsync(&tile[0][t], x + t);
  copyAsync(&tile[1][t], x + THREADS + t);
  asm volatile("cp.async.wait_group 1;" ::: "memory");
  __syncthreads();
  y[t] = tile[1][THREADS - 1 - t];
}

// One's own copies have come; the others' may not.
extern "C" __global__ void copyWithoutBarrier(const float* x, float* y) {
  __shared__ float tile[THREADS];
  int t = threadIdx.x;
  copyAsync(&tile[t], x + t);
  asm volatile("cp.async.wait_all;" ::: "memory");
  y[t] = tile[THREADS - 1 - t];
}

extern "C" __global__ void givesUp(const int* x) {
  if (x[threadIdx.x] > 5) __trap();
}
