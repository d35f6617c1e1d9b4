#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "05_async/ring.h"
#include "common/session.h"

namespace echolab {

/// The receive buffers that all clients share. The kernel takes one when bytes have come, and not
/// before: ten thousand silent clients need none. The program reads the bytes and gives it back.
class BufferPool {
 public:
  /// A multishot receive that finds much to read fills up to 32 buffers before anything else is
  /// done. (Linux: MULTISHOT_MAX_RETRY.) Together they are what a session promises to have room
  /// for.
  static constexpr std::size_t kBurst = 32;
  static constexpr std::size_t kBufferSize = Session::kMaxReceive / kBurst;
  static constexpr std::uint16_t kBuffers = 256;  // a power of two
  static constexpr std::uint16_t kGroup = 0;      // its name, for the operations that use it

  /// `ring` must outlive the pool. Throws std::system_error.
  explicit BufferPool(Ring& ring);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// What a receive has put into `buffer`. Valid until it is given back.
  [[nodiscard]] std::span<const std::byte> bytes(std::uint16_t buffer, std::size_t count) const;

  /// Lets the kernel use `buffer` again.
  void give_back(std::uint16_t buffer);

 private:
  Ring& ring_;
  io_uring_buf_ring* free_;  // the kernel takes from its head, the program adds to its tail
  std::vector<std::byte> memory_;
};

}  // namespace echolab
