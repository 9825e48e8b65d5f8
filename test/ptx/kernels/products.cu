// Products by tensor cores, one warp each, for the interpreter's own tests: fragments straight from memory, by ldmatrix,
// and wrong ones.
#include <stdint.h>

__device__ __forceinline__ uint32_t sharedAddress(const void* pointer) {
  return (uint32_t)__cvta_generic_to_shared(pointer);
}

__device__ __forceinline__ uint32_t two(const uint16_t* at) { return at[0] | (uint32_t)at[1] << 16; }

template <bool BF16>
__device__ __forceinline__ void mma16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  if (BF16) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
}

__device__ __forceinline__ void store(float* y, const float (&d)[4]) {
  int row = threadIdx.x / 4, column = threadIdx.x % 4 * 2;
  y[row * 8 + column] = d[0];
  y[row * 8 + column + 1] = d[1];
  y[(row + 8) * 8 + column] = d[2];
  y[(row + 8) * 8 + column + 1] = d[3];
}

// y [16, 8] = a [16, 16] b [16, 8] + y; b lies by columns, as bT [8, 16]. With `wrong`, two registers of a are swapped.
template <bool BF16>
__device__ void plain(const uint16_t* a, const uint16_t* bT, float* y, bool wrong) {
  int row = threadIdx.x / 4, column = threadIdx.x % 4 * 2;
  uint32_t left[4] = {two(a + row * 16 + column), two(a + (row + 8) * 16 + column), two(a + row * 16 + column + 8),
                      two(a + (row + 8) * 16 + column + 8)};
  uint32_t right[2] = {two(bT + row * 16 + column), two(bT + row * 16 + column + 8)};
  if (wrong) {
    uint32_t kept = left[1];
    left[1] = left[2];
    left[2] = kept;
  }
  float d[4] = {y[row * 8 + column], y[row * 8 + column + 1], y[(row + 8) * 8 + column], y[(row + 8) * 8 + column + 1]};
  __syncwarp();
  mma16<BF16>(d, left, right);
  store(y, d);
}

extern "C" __global__ void product_bf16(const uint16_t* a, const uint16_t* bT, float* y) { plain<true>(a, bT, y, false); }
extern "C" __global__ void product_f16(const uint16_t* a, const uint16_t* bT, float* y) { plain<false>(a, bT, y, false); }
extern "C" __global__ void wrongFragment(const uint16_t* a, const uint16_t* bT, float* y) { plain<true>(a, bT, y, true); }

// The same by ldmatrix: a [16, 16] as it lies, b [16, 8] transposed on the way.
extern "C" __global__ void product_ldmatrix(const uint16_t* a, const uint16_t* b, float* y) {
  __shared__ __align__(16) uint16_t left[16 * 16], right[16 * 8];
  int lane = threadIdx.x;
  for (int i = lane; i < 16 * 16; i += 32) left[i] = a[i];
  for (int i = lane; i < 16 * 8; i += 32) right[i] = b[i];
  __syncthreads();
  uint32_t l[4], r[2];
  uint32_t at = sharedAddress(left + lane % 16 * 16 + lane / 16 * 8);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(l[0]), "=r"(l[1]), "=r"(l[2]), "=r"(l[3])
               : "r"(at));
  at = sharedAddress(right + lane % 16 * 8);
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(at));
  float d[4] = {};
  mma16<true>(d, l, r);
  store(y, d);
}

// y [16, 8] = a [16, 8] b [8, 8], all f32 of which tf32 keeps ten bits; b by columns.
extern "C" __global__ void product_tf32(const uint32_t* a, const uint32_t* bT, float* y) {
  int row = threadIdx.x / 4, column = threadIdx.x % 4;
  float d[4] = {};
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[row * 8 + column]), "r"(a[(row + 8) * 8 + column]), "r"(a[row * 8 + column + 4]),
                 "r"(a[(row + 8) * 8 + column + 4]), "r"(bT[row * 8 + column]), "r"(bT[row * 8 + column + 4]));
  store(y, d);
}
