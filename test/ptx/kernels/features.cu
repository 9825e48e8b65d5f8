// What nvcc makes of ordinary code, one thing a kernel, for the interpreter's own tests.
#include <stdint.h>

// Threads and blocks in three dimensions, each at its own place.
extern "C" __global__ void places(int* y) {
  int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  y[block * blockDim.x * blockDim.y * blockDim.z + thread] = thread * 1000 + block;
}

// Shuffles by every mode, within sixteens for two of them.
extern "C" __global__ void shuffles(const int* x, int* y) {
  int value = x[threadIdx.x];
  y[threadIdx.x] = __shfl_up_sync(~0u, value, 3);
  y[32 + threadIdx.x] = __shfl_down_sync(~0u, value, 3, 16);
  y[64 + threadIdx.x] = __shfl_xor_sync(~0u, value, 5);
  y[96 + threadIdx.x] = __shfl_sync(~0u, value, threadIdx.x + 2, 16);
}

// Votes, and sums of whole numbers by hardware; the lower half of the warp takes another way than the upper one.
extern "C" __global__ void votes(const int* x, int* y) {
  int lane = threadIdx.x;
  int value = x[lane];
  unsigned half = lane < 16 ? 0xffffu : 0xffff0000u;
  if (lane < 16) {
    y[lane] = (int)__ballot_sync(half, value > 3);
  } else {
    y[lane] = __any_sync(half, value > 100) + 2 * __all_sync(half, value >= 0);
  }
  y[32 + lane] = __reduce_add_sync(~0u, value);
  y[64 + lane] = __reduce_max_sync(~0u, value - 5);
  y[96 + lane] = (int)__match_any_sync(~0u, value & 3);
}

// An array of its own for every thread, indexed by what is only known when it runs.
extern "C" __global__ void localArray(const int* x, int* y) {
  int table[8];
  for (int i = 0; i < 8; i++) table[i] = x[i] * (threadIdx.x + 1);
  y[threadIdx.x] = table[x[threadIdx.x & 7] & 7];
}

// A function that is called, twice, and one that it calls.
__device__ __noinline__ int inner(int a, int* counts) { return a * counts[0] + threadIdx.x; }
__device__ __noinline__ int outer(int a, int* counts) { return a > 4 ? inner(a, counts) : inner(-a, counts) + 1; }
extern "C" __global__ void calls(const int* x, int* y) {
  int counts[2] = {x[0], x[1]};
  y[threadIdx.x] = outer(x[threadIdx.x & 7], counts);
}

// A pointer that may be to shared, local or global memory.
__device__ __noinline__ int through(const int* pointer) { return *pointer; }
extern "C" __global__ void generic(const int* x, int* y) {
  __shared__ int shared[32];
  int own[2] = {x[threadIdx.x] + 100, 0};
  shared[threadIdx.x] = x[threadIdx.x] + 200;
  __syncthreads();
  const int* chosen = threadIdx.x % 3 == 0 ? x + threadIdx.x : threadIdx.x % 3 == 1 ? own : shared + threadIdx.x;
  y[threadIdx.x] = through(chosen);
}

__constant__ float weights[4] = {0.5f, -1.0f, 2.0f, 8.0f};
__device__ int shift = 7;
extern "C" __global__ void constants(float* y) { y[threadIdx.x] = weights[threadIdx.x & 3] + shift; }

struct Sizes {
  int rows, columns;
  float scale;
  const float* data;
};
extern "C" __global__ void record(Sizes sizes, float* y) {
  y[threadIdx.x] = sizes.data[threadIdx.x] * sizes.scale + sizes.rows * sizes.columns;
}

// Vectors of four in and out, and bytes.
extern "C" __global__ void vectors(const float4* x, float4* y, const uchar4* bytes, int8_t* out) {
  float4 v = x[threadIdx.x];
  y[threadIdx.x] = make_float4(v.w, v.z, v.y, v.x);
  uchar4 b = bytes[threadIdx.x];
  out[threadIdx.x] = (int8_t)(b.x - b.y + b.z - b.w);
}

// Atomic operations on whole numbers.
extern "C" __global__ void atomics(int* sums, unsigned long long* wide) {
  int t = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(sums, t);
  atomicMax(sums + 1, t - 50);
  atomicMin(sums + 2, -t);
  atomicOr((unsigned*)sums + 3, 1u << (t & 31));
  atomicInc((unsigned*)sums + 4, 9);
  if (t == 5) atomicCAS(sums + 5, 0, 77);
  atomicAdd(wide, (unsigned long long)t << 32);
}

// What kernels of mathematics are made of: slow paths with loops, doubles, and division.
extern "C" __global__ void mathematics(const float* x, float* y, const double* d, double* e) {
  float v = x[threadIdx.x];
  y[threadIdx.x] = expf(v);
  y[32 + threadIdx.x] = logf(v);
  y[64 + threadIdx.x] = tanhf(v);
  y[96 + threadIdx.x] = sinf(v * 1e5f);
  y[128 + threadIdx.x] = powf(v, 1.7f);
  y[160 + threadIdx.x] = erff(v);
  y[192 + threadIdx.x] = v / 3.0f;
  e[threadIdx.x] = exp(d[threadIdx.x]) / (d[threadIdx.x] + 1.0);
  e[32 + threadIdx.x] = log(d[threadIdx.x]);
}

// Whole numbers of 64 bits, as addresses and generators of random numbers need them.
extern "C" __global__ void wide(const uint64_t* x, uint64_t* y, int64_t by) {
  uint64_t v = x[threadIdx.x];
  y[threadIdx.x] = v * 6364136223846793005ull + 1442695040888963407ull;
  y[32 + threadIdx.x] = __umul64hi(v, 0x9e3779b97f4a7c15ull);
  y[64 + threadIdx.x] = (uint64_t)((int64_t)v / by) ^ (v % 1000003u);
  y[96 + threadIdx.x] = v >> (threadIdx.x + 17) | v << (47 - threadIdx.x);
}

// Every lane goes round a loop as often as its number says, within another.
extern "C" __global__ void nested(int* y) {
  int sum = 0;
  for (int i = 0; i < (int)threadIdx.x; i++) {
    for (int j = i; j < (int)threadIdx.x; j += 1 + i % 3) {
      if ((i ^ j) & 4) continue;
      sum += i * j;
      if (sum > 5000) break;
    }
  }
  y[threadIdx.x] = sum;
}
