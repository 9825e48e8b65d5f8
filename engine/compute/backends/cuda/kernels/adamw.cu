// AdamW (Loshchilov & Hutter 2017, arXiv:1711.05101, algorithm 2), over all parameters in one launch.
#include "common.cuh"

constexpr int THREADS = 256;
/** Elements a block: a parameter takes whole blocks. */
constexpr int CHUNK = 2048;

/** One parameter of a list, as the host lays it out; p, m, v, g and the copy are `[n]`. */
struct Parameter {
  float* p;
  float* m;
  float* v;
  const float* g;
  /** `[8]`: learning rate, β1, β2, ε, weight decay, 1 − β1^t, 1 − β2^t, unused. */
  const float* hyper;
  /** `[]`, multiplies g; where it is not above 0, NaN included, nothing is written. */
  const float* scale;
  /** Weights that the model computes with: p, rounded; or none. */
  bf16* copy;
  size_t n;
  /** Blocks of all parameters before this. */
  size_t firstBlock;
};

/** The parameter that a block works on: the last that begins at or before it. */
__device__ int parameterOf(const Parameter* parameters, int count, size_t block) {
  int low = 0;
  int high = count;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (parameters[middle].firstBlock <= block) low = middle;
    else high = middle;
  }
  return low;
}

extern "C" __global__ void adamw_f32(int count, const Parameter* parameters) {
  Parameter at = parameters[parameterOf(parameters, count, blockIdx.x)];
  float scale = *at.scale;
  if (!(scale > 0.0f)) return;
  float rate = at.hyper[0], beta1 = at.hyper[1], beta2 = at.hyper[2], eps = at.hyper[3], decay = at.hyper[4];
  float correction1 = at.hyper[5], correction2 = at.hyper[6];
  size_t first = (blockIdx.x - at.firstBlock) * (size_t)CHUNK;
  size_t end = min(first + CHUNK, at.n);
  for (size_t i = first + threadIdx.x; i < end; i += THREADS) {
    float g = at.g[i] * scale;
    float m = beta1 * at.m[i] + (1.0f - beta1) * g;
    float v = beta2 * at.v[i] + (1.0f - beta2) * g * g;
    float root = sqrtf(v / correction2) + eps;
    float p = at.p[i] - rate * decay * at.p[i] - rate * (m / correction1) / root;
    at.m[i] = m;
    at.v[i] = v;
    at.p[i] = p;
    if (at.copy != nullptr) at.copy[i] = fromFloat<bf16>(p);
  }
}
