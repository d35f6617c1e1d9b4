#include "common/client_record.h"

#include <sys/mman.h>

#include <atomic>
#include <new>

#include "common/log.h"
#include "common/socket_address.h"
#include "common/system_error.h"

namespace echolab {
namespace {

struct SharedTotals {
  std::atomic<std::uint64_t> clients{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::int64_t> active{0};
};

SharedTotals* map_shared_totals() {
  // mmap(2), MAP_SHARED: after fork(2), parent and children still see the same memory.
  void* memory = ::mmap(nullptr, sizeof(SharedTotals), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw system_error("mmap");
  return new (memory) SharedTotals;
}

SharedTotals& shared_totals() {
  static SharedTotals* const totals = map_shared_totals();
  return *totals;
}

// Mapped before main, and so before any fork.
[[maybe_unused]] const SharedTotals& mapped_at_start = shared_totals();

}  // namespace

ClientRecord::ClientRecord(int client_fd) {
  // What may throw comes first: a client that is turned away for it must not be counted.
  if (!log::quiet()) peer_ = peer_address(client_fd);
  SharedTotals& totals = shared_totals();
  ++totals.clients;
  const std::int64_t active = ++totals.active;
  if (log::quiet()) return;
  log::event("NEW CONNECTION", "{}", peer_);
  log::event("ACTIVE CONNECTIONS", "{}", active);
}

ClientRecord::~ClientRecord() {
  SharedTotals& totals = shared_totals();
  totals.bytes += bytes_;
  --totals.active;
  if (failure_.empty()) {
    log::event("DISCONNECTED", "{}: {} bytes sent", peer_, bytes_);
  } else {
    log::event("DISCONNECTED", "{}: {} bytes sent, then {}", peer_, bytes_, failure_);
  }
}

ClientRecord::Totals ClientRecord::totals() {
  return {shared_totals().clients, shared_totals().bytes};
}

void ClientRecord::lost() {
  --shared_totals().active;
}

}  // namespace echolab
