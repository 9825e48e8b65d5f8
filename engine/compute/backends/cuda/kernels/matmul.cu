// Matrix product in f32, element types as stored: y = a·b (+ addend). a is `[M, K]`, b `[K, N]`, y `[M, N]`; a and b
// may lie transposed, which their steps say.
//
// A block of 16×16 threads makes a tile of y; each thread has EACH×EACH numbers of it in registers. Tiles of a and b
// go through shared memory, DEPTH numbers of K at a time. Every number of y is one chain of fused multiply-adds along
// K: the same whatever the tile's size and the element types.
#include "common.cuh"

constexpr int SIDE = 16;
constexpr int DEPTH = 16;
constexpr int THREADS = SIDE * SIDE;

/** A matrix in memory: element (i, j) lies at i·row + j·column; one of the two steps is 1. */
template <class T>
struct Matrix {
  const T* data;
  size_t row;
  size_t column;

  __device__ __forceinline__ float at(int i, int j) const { return toFloat(data[i * row + j * column]); }
};

/** Where in its tile a thread's numbers lie: four side by side, the next four 64 further on. */
__device__ __forceinline__ int placeOf(int thread, int number) { return (number / 4) * 4 * SIDE + thread * 4 + number % 4; }

template <int EACH, class A, class B, class Y>
__device__ void matmul(int M, int N, int K, Matrix<A> a, Matrix<B> b, const void* addend, int addendStep, Y* y) {
  constexpr int TILE = SIDE * EACH;
  // Four more than needed, so that columns begin in different banks; float4 takes multiples of 16 bytes.
  __shared__ alignas(16) float as[DEPTH][TILE + 4]; // [k, m]
  __shared__ alignas(16) float bs[DEPTH][TILE + 4]; // [k, n]
  int rows = blockIdx.y * TILE;
  int columns = blockIdx.x * TILE;
  int tx = threadIdx.x % SIDE;
  int ty = threadIdx.x / SIDE;
  float sums[EACH][EACH] = {};
  for (int depth = 0; depth < K; depth += DEPTH) {
#pragma unroll
    for (int i = 0; i < EACH; i++) {
      int element = i * THREADS + threadIdx.x;
      // Neighbouring threads read what lies side by side.
      int ka = a.column == 1 ? element % DEPTH : element / TILE;
      int m = a.column == 1 ? element / DEPTH : element % TILE;
      bool isInA = rows + m < M && depth + ka < K;
      as[ka][m] = isInA ? a.at(rows + m, depth + ka) : 0.0f;
      int kb = b.column == 1 ? element / TILE : element % DEPTH;
      int n = b.column == 1 ? element % TILE : element / DEPTH;
      bool isInB = columns + n < N && depth + kb < K;
      bs[kb][n] = isInB ? b.at(depth + kb, columns + n) : 0.0f;
    }
    __syncthreads();
#pragma unroll 4
    for (int k = 0; k < DEPTH; k++) {
      float left[EACH];
      float right[EACH];
#pragma unroll
      for (int i = 0; i < EACH; i += 4) {
        *reinterpret_cast<float4*>(&left[i]) = *reinterpret_cast<const float4*>(&as[k][placeOf(ty, i)]);
        *reinterpret_cast<float4*>(&right[i]) = *reinterpret_cast<const float4*>(&bs[k][placeOf(tx, i)]);
      }
#pragma unroll
      for (int i = 0; i < EACH; i++) {
#pragma unroll
        for (int j = 0; j < EACH; j++) sums[i][j] = fmaf(left[i], right[j], sums[i][j]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < EACH; i++) {
    int row = rows + placeOf(ty, i);
#pragma unroll
    for (int j = 0; j < EACH; j++) {
      int column = columns + placeOf(tx, j);
      if (row >= M || column >= N) continue;
      float sum = sums[i][j];
      // It may be y itself.
      if (addend != nullptr) sum += addendAt<Y>(addend, addendStep, row, column);
      y[(size_t)row * N + column] = fromFloat<Y>(sum);
    }
  }
}

#define SMALL_TILE(A, B, Y, NAME)                                                                                      \
  extern "C" __global__ __launch_bounds__(THREADS) void matmul64_##NAME(                                               \
      int M, int N, int K, const A* a, size_t aRow, size_t aColumn, const B* b, size_t bRow, size_t bColumn,           \
      const void* addend, int addendStep, Y* y) {                                                                      \
    matmul<4, A, B, Y>(M, N, K, {a, aRow, aColumn}, {b, bRow, bColumn}, addend, addendStep, y);                        \
  }
#define EACH_TILE(A, B, Y, NAME)                                                                                       \
  SMALL_TILE(A, B, Y, NAME)                                                                                            \
  extern "C" __global__ __launch_bounds__(THREADS) void matmul128_##NAME(                                              \
      int M, int N, int K, const A* a, size_t aRow, size_t aColumn, const B* b, size_t bRow, size_t bColumn,           \
      const void* addend, int addendStep, Y* y) {                                                                      \
    matmul<8, A, B, Y>(M, N, K, {a, aRow, aColumn}, {b, bRow, bColumn}, addend, addendStep, y);                        \
  }
EACH_TILE(float, float, float, f32_f32_f32)
EACH_TILE(float, bf16, float, f32_bf16_f32)
// Of bf16 here are only products whose rows tensor cores cannot take: matmulBf16.cu has the others.
SMALL_TILE(bf16, bf16, float, bf16_bf16_f32)
SMALL_TILE(bf16, bf16, bf16, bf16_bf16_bf16)
