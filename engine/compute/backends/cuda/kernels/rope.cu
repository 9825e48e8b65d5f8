// Rotary position embedding (Su et al. 2021, arXiv:2104.09864), with the half rotation of Hugging Face's Llama.
#include "common.cuh"

/**
 * Turns the pairs (d, d + D/2) of every head by position · frequency_d; x and y `[B·T, H, D]`, positions `[B·T]`. A
 * thread takes one pair of channels through all heads of a token, for the sake of the angle, and through those of a second
 * x and y, `[B·T, H2, D]`, unless they are null: queries and keys.
 *
 * @param turns - Full turns per position, frequency / 2π, `[D/2]`, in double precision: at position 8,192 an angle in
 *   single precision would be off by 5e-4.
 * @param sign - 1, or −1 to rotate back: the gradient.
 */
template <class T>
__device__ void rope(size_t n, int H, int half, float sign, const T* x, const int* positions, const double* turns,
                     T* y, int H2, const T* x2, T* y2) {
  size_t i = globalThread(); // [B·T, D/2]
  if (i >= n) return;
  size_t token = i / half;
  int d = (int)(i - token * half);
  double turned = positions[token] * turns[d];
  float angle = (float)(turned - rint(turned)); // in [−½, ½] turns
  float sin, cos;
  sincospif(2.0f * angle, &sin, &cos);
  sin *= sign;
  auto turn = [&](int heads, const T* from, T* to) {
    size_t at = token * heads * 2 * half + d;
    for (int h = 0; h < heads; h++, at += 2 * half) {
      float left = toFloat(from[at]);
      float right = toFloat(from[at + half]);
      to[at] = fromFloat<T>(left * cos - right * sin);
      to[at + half] = fromFloat<T>(right * cos + left * sin);
    }
  };
  turn(H, x, y);
  if (x2 != nullptr) turn(H2, x2, y2);
}

#define EACH(T, NAME)                                                                                                  \
  extern "C" __global__ void rope_##NAME(size_t n, int H, int half, float sign, const T* x, const int* positions,      \
                                         const double* turns, T* y, int H2, const T* x2, T* y2) {                      \
    rope(n, H, half, sign, x, positions, turns, y, H2, x2, y2);                                                        \
  }
EACH(float, f32)
EACH(bf16, bf16)
