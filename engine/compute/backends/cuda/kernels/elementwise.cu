// Element-wise functions of one or two tensors, one thread an element.
#include "common.cuh"

// Kinds, in the order of ../encoders.ts.
enum Unary { NEG, EXP, LOG, ABS, SQUARE, SQRT, SIGMOID, LOG_SIGMOID, TANH };
enum Binary { ADD, SUB, MUL, DIV, MINIMUM, MAXIMUM, LESS_EQUAL };

__device__ float apply(int kind, float x) {
  switch (kind) {
    case NEG:
      return -x;
    case EXP:
      return expf(x);
    case LOG:
      return logf(x);
    case ABS:
      return fabsf(x);
    case SQUARE:
      return x * x;
    case SQRT:
      return sqrtf(x);
    case SIGMOID:
      return sigmoid(x);
    case LOG_SIGMOID:
      // min(x, 0) − log(1 + exp(−|x|)) overflows nowhere.
      return fminf(x, 0.0f) - log1pf(expf(-fabsf(x)));
    default:
      return tanhf(x);
  }
}

__device__ float combine(int kind, float a, float b) {
  switch (kind) {
    case ADD:
      return a + b;
    case SUB:
      return a - b;
    case MUL:
      return a * b;
    case DIV:
      return a / b;
    case MINIMUM:
      // Not fminf: that passes over a NaN.
      return a != a || a < b ? a : b;
    case MAXIMUM:
      return a != a || a > b ? a : b;
    default:
      return a <= b ? 1.0f : 0.0f;
  }
}

/** y = f(x), both `[n]`. */
template <class T>
__device__ void unary(int kind, size_t n, const T* x, T* y) {
  size_t i = globalThread();
  if (i < n) y[i] = fromFloat<T>(apply(kind, toFloat(x[i])));
}

/** y = f(a, b), `[n]`; an operand with step 0 is one number, with step 1 it is `[n]`. */
template <class A, class B>
__device__ void binary(int kind, size_t n, const A* a, size_t stepA, const B* b, size_t stepB, A* y) {
  size_t i = globalThread();
  if (i < n) y[i] = fromFloat<A>(combine(kind, toFloat(a[i * stepA]), toFloat(b[i * stepB])));
}

/** total += x, both `[n]`. */
template <class T>
__device__ void accumulate(size_t n, float* total, const T* x) {
  size_t i = globalThread();
  if (i < n) total[i] += toFloat(x[i]);
}

/** The same numbers under another type, `[n]`. */
template <class From, class To>
__device__ void cast(size_t n, const From* x, To* y) {
  size_t i = globalThread();
  if (i < n) y[i] = fromFloat<To>(toFloat(x[i]));
}

/** A row added to every row: y = x + bias, `[M, C]` and `[C]`. */
template <class T>
__device__ void addBias(size_t n, int C, const T* x, const float* bias, T* y) {
  size_t i = globalThread();
  if (i < n) y[i] = fromFloat<T>(toFloat(x[i]) + bias[i % C]);
}

#define EACH(T, NAME)                                                                                                  \
  extern "C" __global__ void unary_##NAME(int kind, size_t n, const T* x, T* y) { unary(kind, n, x, y); }             \
  extern "C" __global__ void accumulate_##NAME(size_t n, float* total, const T* x) { accumulate(n, total, x); }        \
  extern "C" __global__ void addBias_##NAME(size_t n, int C, const T* x, const float* bias, T* y) {                    \
    addBias(n, C, x, bias, y);                                                                                         \
  }
EACH(float, f32)
EACH(bf16, bf16)

#define EACH_PAIR(A, B, NAME)                                                                                          \
  extern "C" __global__ void binary_##NAME(int kind, size_t n, const A* a, size_t stepA, const B* b, size_t stepB,     \
                                           A* y) {                                                                     \
    binary(kind, n, a, stepA, b, stepB, y);                                                                            \
  }
EACH_PAIR(float, float, f32_f32)
EACH_PAIR(bf16, bf16, bf16_bf16)
EACH_PAIR(bf16, float, bf16_f32)

extern "C" __global__ void cast_f32_bf16(size_t n, const float* x, bf16* y) { cast(n, x, y); }
extern "C" __global__ void cast_bf16_f32(size_t n, const bf16* x, float* y) { cast(n, x, y); }
