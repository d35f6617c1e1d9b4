// use-after-free: a detached thread works on an object that main has already freed.
//
// The symptom: none, mostly. Now and then the figures of a client are another's, or nonsense; one
// day malloc aborts. AddressSanitizer says "heap-use-after-free" at the first client's first byte.
// The story: a unique_ptr, so that nothing leaks, and its raw pointer for the thread that does the
// work. But the unique_ptr ends with main's turn of the loop, and the detached thread goes on. On
// the desk, freed memory keeps its content until somebody else is given it.
// The fix: let the thread own what it uses: std::move the unique_ptr into it.
//
// Model: threads

#include <chrono>
#include <memory>

#include "student.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr long long kNoteworthy = 1LL << 40;  // bytes

/// The figures of one client's visit.
struct Visit {
  Clock::time_point began = Clock::now();
  long number = 0;              ///< of the client
  long long echoed = 0;         ///< bytes
  long long messages[16] = {};  ///< how many were shorter than 2, 4, 8 ... bytes
};

void count(Visit& visit, std::size_t size) {
  int magnitude = 0;
  while (magnitude < 15 && size >> (magnitude + 1) != 0) ++magnitude;
  ++visit.messages[magnitude];
  visit.echoed += static_cast<long long>(size);
}

void report(const Visit& visit) {
  const auto stay = std::chrono::duration_cast<std::chrono::minutes>(Clock::now() - visit.began);
  std::fprintf(stderr, "client %ld: %lld bytes in %ld minutes\n", visit.number, visit.echoed,
               static_cast<long>(stay.count()));
}

void serve(int client, Visit* visit) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t received = ::recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!zoo::send_all(client, buffer, static_cast<std::size_t>(received))) break;
    count(*visit, static_cast<std::size_t>(received));
  }
  ::close(client);
  if (visit->echoed > kNoteworthy) report(*visit);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (long number = 1;; ++number) {
    const int client = zoo::accept_client(listener);
    const auto visit = std::make_unique<Visit>();
    visit->number = number;
    try {
      std::thread(serve, client, visit.get()).detach();
    } catch (const std::system_error&) {
      ::close(client);
    }
  }
}
