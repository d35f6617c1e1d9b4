#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "common/system_error.h"

namespace echolab {

/// An array in memory that a process shares with all those that it forks later: mmap(2),
/// MAP_SHARED. Who changes an element changes it for all of them, at the same moment as others may:
/// the elements are to be lock-free atomics, or made of such.
template <typename T>
class SharedArray {
 public:
  /// Constructs `size` elements, at least one, from `arguments`. Throws std::system_error.
  template <typename... Arguments>
  explicit SharedArray(std::size_t size, Arguments&&... arguments)
      : memory_(map(size), Unmap{size}) {
    for (std::size_t i = 0; i < size; ++i) std::construct_at(memory_.get() + i, arguments...);
  }

  [[nodiscard]] T& operator[](std::size_t i) { return memory_.get()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return memory_.get()[i]; }

 private:
  // Another process may still use what this one has done with.
  static_assert(std::is_trivially_destructible_v<T>);

  struct Unmap {
    std::size_t size;
    void operator()(T* memory) const { ::munmap(memory, size * sizeof(T)); }
  };

  static T* map(std::size_t size) {
    void* memory = ::mmap(nullptr, size * sizeof(T), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw system_error("mmap");
    return static_cast<T*>(memory);
  }

  std::unique_ptr<T[], Unmap> memory_;
};

}  // namespace echolab
