// Rotary position embedding (Su et al. 2021, arXiv:2104.09864), with the half rotation of Hugging Face's Llama.
#include "common.cuh"

/**
 * Turns the pairs (d, d + D/2) of every head by position · frequency_d; x and y `[B·T, H, D]`, positions `[B·T]`. A
 * thread takes one pair of channels through all heads of a token, for the sake of the angle.
 *
 * @param turns - Full turns per position, frequency / 2π, `[D/2]`, in double precision: at position 8,192 an angle in
 *   single precision would be off by 5e-4.
 * @param sign - 1, or −1 to rotate back: the gradient.
 */
template <class T>
__device__ void rope(size_t n, int H, int half, float sign, const T* x, const int* positions, const double* turns,
                     T* y) {
  size_t i = globalThread(); // [B·T, D/2]
  if (i >= n) return;
  size_t token = i / half;
  int d = (int)(i - token * half);
  double turned = positions[token] * turns[d];
  float angle = (float)(turned - rint(turned)); // in [−½, ½] turns
  float sin, cos;
  sincospif(2.0f * angle, &sin, &cos);
  sin *= sign;
  size_t at = token * H * 2 * half + d;
  for (int h = 0; h < H; h++, at += 2 * half) {
    float left = toFloat(x[at]);
    float right = toFloat(x[at + half]);
    y[at] = fromFloat<T>(left * cos - right * sin);
    y[at + half] = fromFloat<T>(right * cos + left * sin);
  }
}

#define EACH(T, NAME)                                                                                                  \
  extern "C" __global__ void rope_##NAME(size_t n, int H, int half, float sign, const T* x, const int* positions,      \
                                         const double* turns, T* y) {                                                  \
    rope(n, H, half, sign, x, positions, turns, y);                                                                    \
  }
EACH(float, f32)
EACH(bf16, bf16)
