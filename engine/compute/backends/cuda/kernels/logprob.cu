// Log-probabilities, entropies and divergences of next-token distributions softmax(cap(h·wᵀ) / temperature), over
// chunks of the vocabulary: a product makes the logits of a chunk, `[M, width]`, and one of these kernels takes them
// into what is known of each row, or turns them into their gradients. So logits `[M, V]` never exist as a whole.
#include "common.cuh"

constexpr int THREADS = 256;
/** Below every logit that a model gives. */
constexpr float LOWEST = -3.0e38f;
/** Logits so far below the largest weigh nothing; a weight of 0 may not meet a gap of minus infinity. */
constexpr float FURTHEST = -200.0f;

/** A row's softmax so far: largest logit m, Σ e^(l − m), Σ e^(l − m)·(l − m), and the target's logit. */
struct State {
  float top, sum, moment, target;
};

/**
 * Takes the logits of words [first, first + width) into the rows' states, `[M]`; a block a row. The first chunk starts
 * them. Overwrites the logits.
 */
extern "C" __global__ void logprobChunk_f32(int first, int width, float sharpness, float cap, float* logits,
                                            const int* targets, State* states) {
  __shared__ float room[THREADS];
  int row = blockIdx.x;
  logits += (size_t)row * width;
  int target = targets[row] - first;
  State before = first == 0 ? State{LOWEST, 0.0f, 0.0f, 0.0f} : states[row];
  // Until all have read the state, and until room is free.
  float own = before.top;
  for (int i = threadIdx.x; i < width; i += THREADS) {
    float logit = softcap(logits[i], cap) * sharpness;
    logits[i] = logit;
    own = fmaxf(own, logit);
  }
  float top = blockReduce<THREADS>(own, room, Max());
  float ownSum = 0.0f;
  float ownMoment = 0.0f;
  for (int i = threadIdx.x; i < width; i += THREADS) {
    float gap = fmaxf(logits[i] - top, FURTHEST);
    float weight = expf(gap);
    ownSum += weight;
    ownMoment += weight * gap;
  }
  float sum = blockReduce<THREADS>(ownSum, room, Add());
  float moment = blockReduce<THREADS>(ownMoment, room, Add());
  // Each thread wrote its own logits; the target's may be another's, and all have met since.
  if (threadIdx.x != 0) return;
  float fade = expf(before.top - top);
  float lowered = fmaxf(before.top - top, FURTHEST);
  float logit = target >= 0 && target < width ? logits[target] : before.target;
  states[row] = {top, before.sum * fade + sum, fade * (before.moment + before.sum * lowered) + moment, logit};
}

/** logprob, entropy and lse `[M]` from the states; 0 in rows of target −1. Other targets outside V are a fault. */
extern "C" __global__ void logprobFinish_f32(int M, int V, const int* targets, const State* states, float* logprob,
                                             float* entropy, float* lse, int* fault, int instruction) {
  size_t row = globalThread();
  if (row >= M) return;
  int target = targets[row];
  bool isUsed = target >= 0 && target < V;
  if (!isUsed && target != -1) reportFault(fault, instruction, target, V);
  State state = states[row];
  float log = logf(state.sum);
  // (target − top) first: both are near each other when it matters, and the small log then keeps its digits.
  logprob[row] = isUsed ? state.target - state.top - log : 0.0f;
  entropy[row] = isUsed ? log - state.moment / state.sum : 0.0f;
  lse[row] = isUsed ? state.top + log : 0.0f;
}

/**
 * Turns the logits of words [first, first + width), `[M, width]`, into the loss's derivatives by h·wᵀ, in rows `step`
 * apart: with p = e^(l − lse), d logprob / dl = [v = target] − p and d entropy / dl = −p·(log p + entropy). 0 in rows
 * without a target. n = M·width. In f32 the derivatives may take the logits' place.
 */
template <class T>
__device__ void logprobGradChunk(size_t n, int first, int width, int step, float sharpness, float cap,
                                 const float* logits, const int* targets, const float* lse, const float* entropy,
                                 const float* dLogprob, const float* dEntropy, T* dLogits) {
  size_t i = globalThread();
  if (i >= n) return;
  size_t row = i / width;
  int column = (int)(i - row * width);
  int word = first + column;
  size_t at = row * step + column;
  int target = targets[row];
  if (target < 0) {
    dLogits[at] = fromFloat<T>(0.0f);
    return;
  }
  float capped = softcap(logits[i], cap);
  float logp = capped * sharpness - lse[row];
  float p = expf(logp);
  float byLogprob = ((word == target ? 1.0f : 0.0f) - p) * dLogprob[row];
  float byEntropy = p * (logp + entropy[row]) * dEntropy[row];
  dLogits[at] = fromFloat<T>((byLogprob - byEntropy) * sharpness * softcapSlope(capped, cap));
}

#define EACH(T, NAME)                                                                                                  \
  extern "C" __global__ void logprobGradChunk_##NAME(                                                                  \
      size_t n, int first, int width, int step, float sharpness, float cap, const float* logits, const int* targets,   \
      const float* lse, const float* entropy, const float* dLogprob, const float* dEntropy, T* dLogits) {              \
    logprobGradChunk(n, first, width, step, sharpness, cap, logits, targets, lse, entropy, dLogprob, dEntropy,         \
                     dLogits);                                                                                         \
  }
EACH(float, f32)
EACH(bf16, bf16)

/** Two softmaxes of a row so far: m, Σ e^(l − m) and Σ e^(l − m)·(l − lRef) of one, m and Σ of the reference. */
struct PairState {
  float top, sum, gaps, topRef, sumRef;
};

/** Takes the logits of both models for words [first, first + width) into the states, `[M]`; a block a row. */
extern "C" __global__ void fullKlChunk_f32(int first, int width, float sharpness, float cap, float* logits,
                                           float* logitsRef, PairState* states) {
  __shared__ float room[THREADS];
  int row = blockIdx.x;
  logits += (size_t)row * width;
  logitsRef += (size_t)row * width;
  PairState before = first == 0 ? PairState{LOWEST, 0.0f, 0.0f, LOWEST, 0.0f} : states[row];
  float own = before.top;
  float ownRef = before.topRef;
  for (int i = threadIdx.x; i < width; i += THREADS) {
    logits[i] = softcap(logits[i], cap) * sharpness;
    logitsRef[i] = softcap(logitsRef[i], cap) * sharpness;
    own = fmaxf(own, logits[i]);
    ownRef = fmaxf(ownRef, logitsRef[i]);
  }
  float top = blockReduce<THREADS>(own, room, Max());
  float topRef = blockReduce<THREADS>(ownRef, room, Max());
  float sum = 0.0f, gaps = 0.0f, sumRef = 0.0f;
  for (int i = threadIdx.x; i < width; i += THREADS) {
    float weight = expf(logits[i] - top);
    sum += weight;
    gaps += weight * (logits[i] - logitsRef[i]);
    sumRef += expf(logitsRef[i] - topRef);
  }
  sum = blockReduce<THREADS>(sum, room, Add());
  gaps = blockReduce<THREADS>(gaps, room, Add());
  sumRef = blockReduce<THREADS>(sumRef, room, Add());
  if (threadIdx.x != 0) return;
  float fade = expf(before.top - top);
  float fadeRef = expf(before.topRef - topRef);
  states[row] = {top, before.sum * fade + sum, before.gaps * fade + gaps, topRef, before.sumRef * fadeRef + sumRef};
}

/** KL = Σ p·(l − lRef) − lse + lseRef, `[M]`. */
extern "C" __global__ void fullKlFinish_f32(int M, const PairState* states, float* kl) {
  size_t row = globalThread();
  if (row >= M) return;
  PairState state = states[row];
  float lse = state.top + logf(state.sum);
  float lseRef = state.topRef + logf(state.sumRef);
  kl[row] = state.gaps / state.sum - lse + lseRef;
}
