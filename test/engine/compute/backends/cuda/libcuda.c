// A libcuda whose device is the host's own memory, to test how the driver is called: signatures, what is written where,
// the packing of arguments, results that are errors. It knows two kernels; PTX is text that it looks for words in.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Result;
enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_FOUND = 500, NOT_READY = 600, ILLEGAL_ADDRESS = 700 };
enum { ADD = 101, CRASH = 102, STREAM = 201, COPIES = 202, CONTEXT = 301, POOL = 401, MODULE = 501, EVENT = 601 };

struct Launch {
  int n, step;
  int* data;
};
static struct Launch recorded[16];
static int recordedCount, isCapturing, polls, fault, streams, copiesWait;
static void* pinned;

static int setting(const char* name, int otherwise) {
  const char* text = getenv(name);
  return text == NULL ? otherwise : atoi(text);
}

Result cuInit(unsigned flags) { return flags != 0 ? INVALID_VALUE : setting("STUB_INIT", 0); }
Result cuDriverGetVersion(int* version) { return *version = setting("STUB_VERSION", 12040), 0; }
Result cuDeviceGetCount(int* count) { return *count = 2, 0; }
Result cuDeviceGet(int* device, int index) { return *device = index + 7, 0; }
Result cuDeviceGetName(char* name, int bytes, int device) { return snprintf(name, bytes, "Stub %d", device), 0; }
Result cuDeviceGetUuid_v2(unsigned char* uuid, int device) { return memset(uuid, 16 * device + 1, 16), 0; }
Result cuDeviceTotalMem_v2(uint64_t* bytes, int device) { return *bytes = 5ull << 32, device < 7; }
Result cuDeviceGetAttribute(int* value, int attribute, int device) {
  switch (attribute) {
    case 16: return *value = 132, 0;
    case 38: return *value = 50 << 20, 0;
    case 75: return *value = device == 7 ? 9 : 7, 0;
    case 76: return *value = device == 7 ? 0 : 5, 0;
    case 97: return *value = 227 << 10, 0;
    case 115: return *value = 1, 0;
  }
  return INVALID_VALUE;
}
Result cuDeviceGetDefaultMemPool(uint64_t* pool, int device) { return *pool = POOL, device != 7; }
Result cuDevicePrimaryCtxRetain(uint64_t* context, int device) { return *context = CONTEXT, streams = 0, device != 7; }
Result cuDevicePrimaryCtxRelease_v2(int device) { return device != 7; }
Result cuCtxSetCurrent(uint64_t context) { return context != CONTEXT; }
Result cuMemGetInfo_v2(uint64_t* free, uint64_t* total) { return *free = 3ull << 32, *total = 5ull << 32, 0; }
Result cuMemPoolSetAttribute(uint64_t pool, int attribute, uint64_t* value) {
  return pool != POOL || attribute != 4 || *value != UINT64_MAX;
}
Result cuMemAllocAsync(uint64_t* address, size_t bytes, uint64_t stream) {
  if (stream != STREAM) return INVALID_VALUE;
  if (bytes > 1 << 20) return OUT_OF_MEMORY;
  return *address = (uint64_t)malloc(bytes), 0;
}
Result cuMemFreeAsync(uint64_t address, uint64_t stream) { return free((void*)address), stream != STREAM; }
Result cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, uint64_t stream) {
  return memcpy((void*)to, from, bytes), stream != STREAM;
}
/** In the second stream only once that waits for the first, and to memory that is pinned. */
Result cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, uint64_t stream) {
  if (stream == COPIES && (!copiesWait || to != pinned)) return INVALID_VALUE;
  return memcpy(to, (void*)from, bytes), stream != STREAM && stream != COPIES;
}
Result cuMemHostAlloc(void** address, size_t bytes, unsigned flags) {
  return bytes > 1 << 20 ? OUT_OF_MEMORY : (*address = pinned = malloc(bytes), flags != 0);
}
Result cuMemFreeHost(void* address) { return address != pinned ? INVALID_VALUE : (free(pinned), pinned = NULL, 0); }
Result cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream) {
  return memcpy((void*)to, (void*)from, bytes), stream != STREAM;
}
Result cuMemsetD32Async(uint64_t to, unsigned word, size_t count, uint64_t stream) {
  for (size_t i = 0; i < count; i++) ((unsigned*)to)[i] = word;
  return stream != STREAM;
}
Result cuModuleLoadDataEx(uint64_t* module, const char* ptx, unsigned count, int* options, void** values) {
  if (count != 2 || options[0] != 5 || options[1] != 6) return INVALID_VALUE;
  const char* wrong = strstr(ptx, "error ");
  if (wrong == NULL) return *module = MODULE, 0;
  snprintf(values[0], (size_t)values[1], "ptxas: of %zu bytes", strlen(ptx));
  return atoi(wrong + 6);
}
Result cuModuleGetFunction(uint64_t* function, uint64_t module, const char* name) {
  if (module != MODULE) return INVALID_VALUE;
  if (strcmp(name, "add") == 0) return *function = ADD, 0;
  return strcmp(name, "crash") == 0 ? (*function = CRASH, 0) : NOT_FOUND;
}
Result cuModuleUnload(uint64_t module) { return module != MODULE; }
Result cuFuncGetAttribute(int* value, int attribute, uint64_t function) {
  return *value = 40, attribute != 4 || function < ADD || function > CRASH;
}
Result cuFuncSetAttribute(uint64_t function, int attribute, int value) {
  return function != ADD || attribute != 8 || value > 227 << 10;
}

static void add(struct Launch launch) {
  for (int i = 0; i < launch.n; i++) launch.data[i] += launch.step;
}
/** add(double unused, int n, int* data, float step): offsets 0, 8, 16, 24. */
Result cuLaunchKernel(uint64_t function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                      unsigned shared, uint64_t stream, void** params, void** extra) {
  if (params != NULL || stream != STREAM || (uint64_t)extra[0] != 1 || (uint64_t)extra[2] != 2 || extra[4] != NULL)
    return INVALID_VALUE;
  if (function == CRASH) return fault = ILLEGAL_ADDRESS, 0;
  if (gx != 1 || gy != 2 || gz != 3 || bx != 4 || by != 5 || bz != 6 || shared != 1000) return INVALID_VALUE;
  char* buffer = extra[1];
  if (*(size_t*)extra[3] != 28 || *(double*)buffer != 0.5) return INVALID_VALUE;
  struct Launch launch = {*(int*)(buffer + 8), (int)*(float*)(buffer + 24), *(int**)(buffer + 16)};
  if (isCapturing) recorded[recordedCount++] = launch;
  else add(launch);
  return 0;
}
Result cuStreamCreate(uint64_t* stream, unsigned flags) {
  return copiesWait = 0, *stream = STREAM + streams++, flags != 1 || streams > 2;
}
Result cuStreamDestroy_v2(uint64_t stream) { return stream != STREAM + --streams; }
Result cuStreamSynchronize(uint64_t stream) { return stream != STREAM && stream != COPIES ? INVALID_VALUE : fault; }
Result cuStreamWaitEvent(uint64_t stream, uint64_t event, unsigned flags) {
  if (stream == COPIES) copiesWait = 1;
  return event != EVENT || flags != 0 || (stream != STREAM && stream != COPIES);
}
Result cuStreamBeginCapture_v2(uint64_t stream, int mode) {
  return isCapturing = 1, recordedCount = 0, stream != STREAM || mode != 1;
}
Result cuStreamEndCapture(uint64_t stream, uint64_t* graph) { return isCapturing = 0, *graph = 11, stream != STREAM; }
Result cuGraphInstantiateWithFlags(uint64_t* ready, uint64_t graph, uint64_t flags) {
  return *ready = graph + 1, flags != 0;
}
Result cuGraphLaunch(uint64_t ready, uint64_t stream) {
  for (int i = 0; i < recordedCount; i++) add(recorded[i]);
  return ready != 12 || stream != STREAM;
}
Result cuGraphExecDestroy(uint64_t ready) { return ready != 12; }
Result cuGraphDestroy(uint64_t graph) { return graph != 11; }
Result cuEventCreate(uint64_t* event, unsigned flags) { return *event = EVENT, polls = 0, flags != 0; }
Result cuEventRecord(uint64_t event, uint64_t stream) {
  return event != EVENT || (stream != STREAM && stream != COPIES);
}
Result cuEventQuery(uint64_t event) { return event != EVENT ? INVALID_VALUE : ++polls < 5 ? NOT_READY : fault; }
Result cuEventElapsedTime(float* milliseconds, uint64_t from, uint64_t to) {
  return *milliseconds = 1.5f, from != EVENT || to != EVENT;
}
Result cuEventDestroy_v2(uint64_t event) { return event != EVENT; }
Result cuGetErrorString(int code, const char** text) {
  *text = code == ILLEGAL_ADDRESS ? "an illegal memory access was encountered" : NULL;
  return *text == NULL;
}
