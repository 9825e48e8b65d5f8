// Gated linear unit: y = act(gate)·up (Shazeer 2020, arXiv:2002.05202), and its gradients. All `[n]`.
#include "common.cuh"

enum Gate { SILU, GELU_TANH };

struct Activation {
  float value;
  float slope;
};

/**
 * Both activations are x·σ(z): SiLU with z = x, the tanh form of GELU with z = 2·√(2/π)·(x + 0.044715·x³), because
 * ½(1 + tanh u) = σ(2u). Their slope is σ + x·σ·(1 − σ)·z'.
 */
__device__ Activation activation(int kind, float x) {
  constexpr float ROOT = 1.5957691216057308f; // 2·√(2/π)
  constexpr float CUBIC = ROOT * 0.044715f;
  float z = kind == SILU ? x : x * (ROOT + CUBIC * x * x);
  float dz = kind == SILU ? 1.0f : ROOT + 3.0f * CUBIC * x * x;
  float s = sigmoid(z);
  return {x * s, s + x * s * (1.0f - s) * dz};
}

template <class T>
__device__ void gatedActivation(int kind, size_t n, const T* gate, const T* up, T* y) {
  size_t i = globalThread();
  if (i < n) y[i] = fromFloat<T>(activation(kind, toFloat(gate[i])).value * toFloat(up[i]));
}

template <class T>
__device__ void gatedActivationGrad(int kind, size_t n, const T* gate, const T* up, const T* dy, T* dGate, T* dUp) {
  size_t i = globalThread();
  if (i >= n) return;
  Activation act = activation(kind, toFloat(gate[i]));
  float d = toFloat(dy[i]);
  dGate[i] = fromFloat<T>(d * toFloat(up[i]) * act.slope);
  dUp[i] = fromFloat<T>(d * act.value);
}

#define EACH(T, NAME)                                                                                                  \
  extern "C" __global__ void gatedActivation_##NAME(int kind, size_t n, const T* gate, const T* up, T* y) {            \
    gatedActivation(kind, n, gate, up, y);                                                                             \
  }                                                                                                                    \
  extern "C" __global__ void gatedActivationGrad_##NAME(int kind, size_t n, const T* gate, const T* up, const T* dy,   \
                                                        T* dGate, T* dUp) {                                            \
    gatedActivationGrad(kind, n, gate, up, dy, dGate, dUp);                                                            \
  }
EACH(float, f32)
EACH(bf16, bf16)
