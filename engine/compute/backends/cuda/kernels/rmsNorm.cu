// Root-mean-square norm (Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4), a warp a row, four rows a block.
#include "common.cuh"

constexpr int WARPS = 4;
/** Rows a partial sum of dw. */
constexpr int ROWS = 64;

/** y = x·r·(offset + w) with r = 1 / √(mean x² + eps); x and y `[M, C]`, w `[C]`, rstd `[M]`. */
template <class T>
__device__ void rmsNorm(int M, int C, float eps, float offset, const T* x, const float* w, T* y, float* rstd) {
  int row = blockIdx.x * WARPS + threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  if (row >= M) return;
  x += (size_t)row * C;
  y += (size_t)row * C;
  float squares = 0.0f;
  for (int c = lane; c < C; c += WARP) {
    float value = toFloat(x[c]);
    squares += value * value;
  }
  float r = 1.0f / sqrtf(warpSum(squares) / C + eps);
  for (int c = lane; c < C; c += WARP) y[c] = fromFloat<T>(toFloat(x[c]) * r * (offset + w[c]));
  if (lane == 0) rstd[row] = r;
}

/** dx = r·g − x·r³·mean(g·x) (+ addend), with g = dy·(offset + w); all `[M, C]`. */
template <class T>
__device__ void rmsNormGrad(int M, int C, float offset, const T* x, const float* w, const float* rstd, const T* dy,
                            const T* addend, T* dx) {
  int row = blockIdx.x * WARPS + threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  if (row >= M) return;
  size_t start = (size_t)row * C;
  float along = 0.0f;
  for (int c = lane; c < C; c += WARP) along += toFloat(dy[start + c]) * (offset + w[c]) * toFloat(x[start + c]);
  float r = rstd[row];
  float pull = r * r * r * warpSum(along) / C;
  for (int c = lane; c < C; c += WARP) {
    float d = toFloat(dy[start + c]) * (offset + w[c]) * r - toFloat(x[start + c]) * pull;
    if (addend != nullptr) d += toFloat(addend[start + c]);
    dx[start + c] = fromFloat<T>(d);
  }
}

/** Partial dw = Σ_rows dy·x·r: `[ceil(M / ROWS), C]`; a thread a channel (x), a block row a chunk (y). */
template <class T>
__device__ void weightGrad(int M, int C, const T* x, const float* rstd, const T* dy, float* partials) {
  size_t c = globalThread();
  if (c >= C) return;
  int first = blockIdx.y * ROWS;
  int end = min(first + ROWS, M);
  float total = 0.0f;
  for (int row = first; row < end; row++) {
    size_t at = (size_t)row * C + c;
    total += toFloat(dy[at]) * toFloat(x[at]) * rstd[row];
  }
  partials[(size_t)blockIdx.y * C + c] = total;
}

#define EACH(T, NAME)                                                                                                  \
  extern "C" __global__ void rmsNorm_##NAME(int M, int C, float eps, float offset, const T* x, const float* w, T* y,   \
                                            float* rstd) {                                                             \
    rmsNorm(M, C, eps, offset, x, w, y, rstd);                                                                         \
  }                                                                                                                    \
  extern "C" __global__ void rmsNormGrad_##NAME(int M, int C, float offset, const T* x, const float* w,                \
                                                const float* rstd, const T* dy, const T* addend, T* dx) {              \
    rmsNormGrad(M, C, offset, x, w, rstd, dy, addend, dx);                                                             \
  }                                                                                                                    \
  extern "C" __global__ void rmsNormWeightGrad_##NAME(int M, int C, const T* x, const float* rstd, const T* dy,        \
                                                      float* partials) {                                               \
    weightGrad(M, C, x, rstd, dy, partials);                                                                           \
  }
EACH(float, f32)
EACH(bf16, bf16)
