// fixed-client-array: clients are kept in an array of thirty; the next one finds no place, and is
// forgotten.
//
// The symptom: thirty clients are served. The next is accepted, and neither served nor closed, not
// even when another leaves and its place is free.
// The story: "int client_socket[30]" is in the tutorial, and thirty is plenty on a desk. The loop
// that looks for a free place simply ends when there is none.
// The fix: a container that grows; or say no: close the newcomer for whom there is no place.
//
// Model: poll

#include <array>

#include "student.h"

namespace {

constexpr std::size_t kPlaces = 30;

using Places = std::array<zoo::Client, kPlaces>;

void admit(Places& places, int fd) {
  zoo::set_non_blocking(fd);
  for (zoo::Client& place : places) {
    if (place.fd < 0) {
      place.fd = fd;
      break;
    }
  }
}

std::vector<pollfd> whom_to_poll(const Places& places) {
  std::vector<pollfd> polled;
  for (const zoo::Client& place : places) {
    if (place.fd >= 0) polled.push_back({place.fd, place.events(), 0});
  }
  return polled;
}

void serve_ready(Places& places, const std::vector<pollfd>& polled) {
  for (const pollfd& entry : polled) {
    if (entry.fd < 0 || entry.revents == 0) continue;
    for (zoo::Client& place : places) {
      if (place.fd != entry.fd || zoo::serve_turn(place)) continue;
      ::close(place.fd);
      place = zoo::Client{};
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  zoo::set_non_blocking(listener);
  Places places;
  bool rests = false;  // the listener, in a shortage of descriptors
  for (;;) {
    std::vector<pollfd> polled = whom_to_poll(places);
    polled.push_back({rests ? -1 : listener, POLLIN, 0});
    if (::poll(polled.data(), polled.size(), rests ? zoo::kRest : -1) < 0) continue;
    serve_ready(places, polled);
    if (!rests && polled.back().revents == 0) continue;
    rests = !zoo::accept_waiting(listener, [&](int fd) { admit(places, fd); });
  }
}
