#include "tools/bench/allocations.h"

#ifdef __APPLE__
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> allocated = 0, peak = 0;

long usable_size(void* p) {
#ifdef __APPLE__
  return static_cast<long>(malloc_size(p));
#else
  return static_cast<long>(malloc_usable_size(p));
#endif
}

}  // namespace

void* operator new(std::size_t size) {
  void* const p = std::malloc(size > 0 ? size : 1);
  if (!p) throw std::bad_alloc();
  const long now = allocated += usable_size(p);
  if (now > peak) peak = now;
  return p;
}
void operator delete(void* p) noexcept {
  if (p) allocated -= usable_size(p);
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }

namespace tools {

long allocated_bytes() { return allocated; }
long peak_bytes() { return peak; }
void forget_peak() { peak = allocated.load(); }

}  // namespace tools
