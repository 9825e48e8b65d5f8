// A cuBLASLt that multiplies on the host, to test how it is called: signatures, sizes and numbers of attributes, layouts,
// the preferences, the structs that it fills, statuses that are errors. Built with other numbers it is too old, lacks a
// function, or does not start. It takes the stream of libcuda.c.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION 120903
#endif
#ifndef CUDART
#define CUDART 12080
#endif
#ifndef CREATE_STATUS
#define CREATE_STATUS 0
#endif

typedef int Status;
enum { OK = 0, INVALID = 7, NOT_SUPPORTED = 15 };
enum { F32 = 0, BF16 = 14, STREAM = 201, HANDLE = 77 };
static const size_t WORKSPACE = 32 << 20;

struct Layout { int type; uint64_t rows, columns; int64_t step; };
struct Operation { int compute, scale, transposed[2], epilogue; uint64_t bias; };
struct Preference { uint64_t workspace; uint32_t scheme, alignments[4]; int known; };
struct Algorithm { uint64_t data[8]; };
struct Result { struct Algorithm algorithm; size_t workspace; Status state; float waves; int reserved[4]; };
static int heuristics, alive;

size_t cublasLtGetVersion(void) { return VERSION; }
size_t cublasLtGetCudartVersion(void) { return CUDART; }
const char* cublasLtGetStatusString(Status status) { return status == INVALID ? "an invalid value" : "no such luck"; }
/** How often an algorithm was asked for, and how many handles and descriptors are left. */
int stubHeuristics(void) { return heuristics; }
int stubAlive(void) { return alive; }

/** The status of making something, which is there only where it is OK. */
static Status made(int isRight) { return isRight ? (alive++, OK) : INVALID; }

Status cublasLtCreate(uint64_t* handle) { return *handle = HANDLE, CREATE_STATUS != OK ? CREATE_STATUS : made(1); }
Status cublasLtDestroy(uint64_t handle) { return alive--, handle == HANDLE ? OK : INVALID; }

Status cublasLtMatmulDescCreate(struct Operation** operation, int compute, int scale) {
  *operation = calloc(1, sizeof **operation);
  (*operation)->compute = compute, (*operation)->scale = scale, (*operation)->epilogue = 1;
  return made(scale == F32 && compute == 68);
}
Status cublasLtMatmulDescSetAttribute(struct Operation* operation, int attribute, const void* value, size_t bytes) {
  if (bytes != (attribute == 8 ? 8 : 4)) return INVALID;
  switch (attribute) {
    case 3: case 4: return operation->transposed[attribute - 3] = *(int*)value, OK;
    case 7: return operation->epilogue = *(int*)value, OK;
    case 8: return operation->bias = *(uint64_t*)value, OK;
  }
  return INVALID;
}
Status cublasLtMatmulDescDestroy(struct Operation* operation) { return alive--, free(operation), OK; }

Status cublasLtMatrixLayoutCreate(struct Layout** layout, int type, uint64_t rows, uint64_t columns, int64_t step) {
  *layout = malloc(sizeof **layout);
  **layout = (struct Layout){type, rows, columns, step};
  return made((type == F32 || type == BF16) && step >= (int64_t)rows);
}
Status cublasLtMatrixLayoutDestroy(struct Layout* layout) { return alive--, free(layout), OK; }

Status cublasLtMatmulPreferenceCreate(struct Preference** preference) {
  return *preference = calloc(1, sizeof **preference), made(1);
}
Status cublasLtMatmulPreferenceSetAttribute(struct Preference* preference, int attribute, const void* value, size_t bytes) {
  if (bytes != (attribute == 1 ? 8 : 4)) return INVALID;
  preference->known |= 1 << attribute;
  if (attribute == 1) return preference->workspace = *(uint64_t*)value, OK;
  if (attribute == 3) return preference->scheme = *(uint32_t*)value, OK;
  if (attribute < 5 || attribute > 8) return INVALID;
  return preference->alignments[attribute - 5] = *(uint32_t*)value, OK;
}
Status cublasLtMatmulPreferenceDestroy(struct Preference* preference) { return alive--, free(preference), OK; }

/** Checks that D = op(A)·op(B) + C has sizes and types that fit. */
static Status fits(struct Operation* o, struct Layout* a, struct Layout* b, struct Layout* c, struct Layout* d) {
  uint64_t m = o->transposed[0] ? a->columns : a->rows, k = o->transposed[0] ? a->rows : a->columns;
  uint64_t n = o->transposed[1] ? b->rows : b->columns, l = o->transposed[1] ? b->columns : b->rows;
  int sizes = k == l && d->rows == m && d->columns == n && c->rows == m && c->columns == n;
  int types = a->type == BF16 && b->type == BF16 && c->type == d->type;
  return sizes && types ? OK : INVALID;
}
/** 13 is a K for which it has no way. */
static int isPossible(struct Operation* o, struct Layout* a) { return (o->transposed[0] ? a->rows : a->columns) != 13; }

Status cublasLtMatmulAlgoGetHeuristic(uint64_t handle, struct Operation* o, struct Layout* a, struct Layout* b,
                                      struct Layout* c, struct Layout* d, struct Preference* preference, int count,
                                      struct Result* results, int* found) {
  heuristics++;
  // Where K are channels, any number of rows has one algorithm, and K is summed in one go.
  int isForAll = o->transposed[1] == 0;
  if (isForAll ? d->columns != 4096 || preference->scheme != 0 : preference->scheme != 2) return INVALID;
  if (handle != HANDLE || count < 2 || preference->known != 0x1ea || preference->workspace != WORKSPACE) return INVALID;
  for (int i = 0; i < 4; i++)
    if (preference->alignments[i] < 4 || preference->alignments[i] > 256) return INVALID;
  if (o->epilogue == 4 && o->bias == 0) return INVALID;
  if (fits(o, a, b, c, d) != OK) return INVALID;
  if (d->rows == 17) return *found = 0, NOT_SUPPORTED;
  memset(results, 0xee, count * sizeof *results);
  results[0].state = NOT_SUPPORTED, results[0].workspace = 0;
  results[1].state = OK, results[1].workspace = WORKSPACE;
  results[1].algorithm.data[0] = 42, results[1].algorithm.data[7] = 43;
  return *found = 2, OK;
}
static int isKnown(struct Algorithm* algorithm) { return algorithm->data[0] == 42 && algorithm->data[7] == 43; }

Status cublasLtMatmulAlgoCheck(uint64_t handle, struct Operation* o, struct Layout* a, struct Layout* b,
                               struct Layout* c, struct Layout* d, struct Algorithm* algorithm, struct Result* result) {
  if (handle != HANDLE || fits(o, a, b, c, d) != OK || !isKnown(algorithm)) return INVALID;
  // The second is one that wants more room than it was given.
  result->state = OK, result->workspace = WORKSPACE + (d->columns == 19);
  return isPossible(o, a) ? OK : NOT_SUPPORTED;
}

static float get(uint64_t data, int type, uint64_t at) {
  if (type == F32) return ((float*)data)[at];
  uint32_t bits = (uint32_t)((uint16_t*)data)[at] << 16;
  float value;
  return memcpy(&value, &bits, 4), value;
}
/** bf16 by cutting off: the numbers of the test have no more digits. */
static void set(uint64_t data, int type, uint64_t at, float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if (type == F32) ((float*)data)[at] = value;
  else ((uint16_t*)data)[at] = bits >> 16;
}

#ifndef LACKS
Status cublasLtMatmul(uint64_t handle, struct Operation* o, const float* alpha, uint64_t a, struct Layout* al, uint64_t b,
                      struct Layout* bl, const float* beta, uint64_t c, struct Layout* cl, uint64_t d, struct Layout* dl,
                      struct Algorithm* algorithm, uint64_t workspace, size_t bytes, uint64_t stream) {
  if (handle != HANDLE || *alpha != 1 || stream != STREAM || workspace != 256 || bytes != WORKSPACE) return INVALID;
  if (!isKnown(algorithm) || fits(o, al, bl, cl, dl) != OK) return INVALID;
  uint64_t depth = o->transposed[0] ? al->rows : al->columns;
  for (uint64_t j = 0; j < dl->columns; j++) {
    for (uint64_t i = 0; i < dl->rows; i++) {
      float sum = o->epilogue == 4 ? get(o->bias, F32, i) : 0;
      if (*beta != 0) sum += *beta * get(c, cl->type, j * cl->step + i);
      for (uint64_t k = 0; k < depth; k++)
        sum += get(a, al->type, o->transposed[0] ? i * al->step + k : k * al->step + i) *
               get(b, bl->type, o->transposed[1] ? k * bl->step + j : j * bl->step + k);
      set(d, dl->type, j * dl->step + i, sum);
    }
  }
  return OK;
}
#endif
