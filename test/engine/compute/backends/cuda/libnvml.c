// A libnvidia-ml that knows two cards, to test how it is called: how a card is named, and what is written where.
#include <stdint.h>
#include <string.h>

enum { UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6 };
struct Utilization {
  unsigned gpu, memory;
};
static int isReady;

int nvmlInit_v2(void) { return isReady = 1, 0; }

int nvmlDeviceGetHandleByUUID(const char* uuid, void** card) {
  if (!isReady) return UNINITIALIZED;
  if (strcmp(uuid, "GPU-00112233-4455-6677-8899-aabbccddeeff") == 0) return *card = (void*)0xffff800000000010, 0;
  if (strcmp(uuid, "GPU-71717171-7171-7171-7171-717171717171") == 0) return *card = (void*)0x20, 0;
  return NOT_FOUND;
}

int nvmlDeviceGetUtilizationRates(void* card, struct Utilization* rates) {
  static unsigned asked;
  if (card != (void*)0xffff800000000010 && card != (void*)0x20) return INVALID_ARGUMENT;
  return *rates = (struct Utilization){87 + asked++, 12}, 0;
}

int nvmlDeviceGetPowerUsage(void* card, unsigned* milliwatts) {
  return card == (void*)0x20 ? NOT_SUPPORTED : (*milliwatts = 412500, 0);
}
