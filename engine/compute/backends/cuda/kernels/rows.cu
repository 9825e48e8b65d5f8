// Moving rows: slices along axis 1, their reverse, and writes into a cache. Elements are moved as 16- or 32-bit words.
#include "common.cuh"

/**
 * y = x[:, start:start + length]: x is `[B, total]`, y `[B, length]`, sizes in elements.
 */
template <class Word>
__device__ void slice(size_t n, size_t total, size_t start, size_t length, const Word* x, Word* y) {
  size_t i = globalThread();
  if (i >= n) return;
  size_t row = i / length;
  y[i] = x[row * total + start + (i - row * length)];
}

/** dx is 0 but for dx[:, start:start + length] = dy; dx is `[B, total]`, n its size. */
template <class Word>
__device__ void sliceGrad(size_t n, size_t total, size_t start, size_t length, const Word* dy, Word* dx) {
  size_t i = globalThread();
  if (i >= n) return;
  size_t row = i / total;
  size_t at = i - row * total;
  dx[i] = at >= start && at < start + length ? dy[row * length + (at - start)] : Word(0);
}

/**
 * cache[:, offset:offset + T] = x: cache is `[B, S, GD]`, x `[B, T, GD]`, n the size of x, offset `[1]`; the same for a
 * second pair, unless it is null: keys and values. An offset that does not fit is a fault, and nothing is written.
 */
template <class Word>
__device__ void cacheWrite(size_t n, int T, int S, int GD, Word* cache, const Word* x, Word* cache2, const Word* x2,
                           const int* offset, int* fault, int instruction) {
  size_t i = globalThread();
  if (i >= n) return;
  int from = *offset;
  if (from < 0 || from > S - T) {
    if (i == 0) reportFault(fault, instruction, from, S - T + 1);
    return;
  }
  size_t length = (size_t)T * GD;
  size_t row = i / length;
  size_t at = (row * S + from) * GD + (i - row * length);
  cache[at] = x[i];
  if (cache2 != nullptr) cache2[at] = x2[i];
}

#define EACH(WORD, NAME)                                                                                               \
  extern "C" __global__ void slice_##NAME(size_t n, size_t total, size_t start, size_t length, const WORD* x,          \
                                          WORD* y) {                                                                   \
    slice(n, total, start, length, x, y);                                                                              \
  }                                                                                                                    \
  extern "C" __global__ void sliceGrad_##NAME(size_t n, size_t total, size_t start, size_t length, const WORD* dy,     \
                                              WORD* dx) {                                                              \
    sliceGrad(n, total, start, length, dy, dx);                                                                        \
  }                                                                                                                    \
  extern "C" __global__ void cacheWrite_##NAME(size_t n, int T, int S, int GD, WORD* cache, const WORD* x,             \
                                               WORD* cache2, const WORD* x2, const int* offset, int* fault,            \
                                               int instruction) {                                                      \
    cacheWrite(n, T, S, GD, cache, x, cache2, x2, offset, fault, instruction);                                         \
  }
EACH(unsigned, 32)
EACH(unsigned short, 16)
