// alloc-fail-leak: when there is no memory for a newcomer, the server goes on, and forgets it.
//
// The symptom: in a container that is short of memory, some clients connect and are never answered.
// Nobody turns them away, nothing crashes, and the server serves all others. They wait for ever.
// The story: std::bad_alloc once ended the server. The author put a try around the place and a line
// in the log, and was content: it survives. But the descriptor, which accept had returned, was a
// plain int, and nobody closed it.
// The fix: close the newcomer's socket there; or let an object own it from the start, so that
// whatever is thrown closes it.
//
// Model: poll

#include <memory>
#include <new>

#include "student.h"

namespace {

constexpr std::size_t kHistory = 1024 * 1024;  // bytes of each client's, for a log of its words

struct Place {
  zoo::Client client;
  std::unique_ptr<char[]> history;
};

using Places = std::map<int, Place>;

void add(Places& places, int fd) {
  try {
    Place place{{}, std::make_unique<char[]>(kHistory)};
    place.client.fd = fd;
    places.emplace(fd, std::move(place));
  } catch (const std::bad_alloc&) {
    std::fputs("no memory for a client\n", stderr);
  }
}

std::vector<pollfd> watched(const Places& places, int listener) {
  std::vector<pollfd> polled{{listener, POLLIN, 0}};
  for (const auto& [fd, place] : places) polled.push_back({fd, place.client.events(), 0});
  return polled;
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  Places places;
  bool rests = false;
  for (;;) {
    auto polled = watched(places, rests ? -1 : listener);
    if (::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1) < 0) continue;
    for (const pollfd& entry : polled) {
      const auto place = places.find(entry.fd);
      if (entry.revents == 0 || place == places.end()) continue;
      if (zoo::serve_turn(place->second.client)) continue;
      ::close(entry.fd);
      places.erase(place);
    }
    if (!rests && polled[0].revents == 0) continue;
    rests = !zoo::accept_waiting(listener, [&](int fd) {
      zoo::set_non_blocking(fd);
      add(places, fd);
    });
  }
}
