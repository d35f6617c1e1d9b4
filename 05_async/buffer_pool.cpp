#include "05_async/buffer_pool.h"

#include <sys/mman.h>

#include <cerrno>

#include "common/system_error.h"

namespace echolab {
namespace {

constexpr std::size_t kRingBytes = BufferPool::kBuffers * sizeof(io_uring_buf);

io_uring_buf_ring* map_free_list() {
  // mmap(2): io_uring_register_buf_ring(3) asks for whole pages.
  void* memory =
      ::mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw system_error("mmap");
  return static_cast<io_uring_buf_ring*>(memory);
}

}  // namespace

BufferPool::BufferPool(Ring& ring)
    : ring_(ring), free_(map_free_list()), memory_(kBuffers * kBufferSize) {
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(free_);
  registration.ring_entries = kBuffers;
  registration.bgid = kGroup;
  const int error = io_uring_register_buf_ring(ring_.get(), &registration, 0);
  if (error < 0) {
    ::munmap(free_, kRingBytes);
    throw system_error("io_uring_register", -error);
  }
  io_uring_buf_ring_init(free_);
  for (std::uint16_t buffer = 0; buffer < kBuffers; ++buffer) give_back(buffer);
}

BufferPool::~BufferPool() {
  io_uring_unregister_buf_ring(ring_.get(), kGroup);
  ::munmap(free_, kRingBytes);
}

std::span<const std::byte> BufferPool::bytes(std::uint16_t buffer, std::size_t count) const {
  return std::span(memory_).subspan(buffer * kBufferSize, count);
}

void BufferPool::give_back(std::uint16_t buffer) {
  // io_uring_buf_ring_add(3), io_uring_buf_ring_advance(3): no system call, the list is shared.
  io_uring_buf_ring_add(free_, memory_.data() + buffer * kBufferSize, kBufferSize, buffer,
                        io_uring_buf_ring_mask(kBuffers), 0);
  io_uring_buf_ring_advance(free_, 1);
}

}  // namespace echolab
