// Lab 03: one thread that asks before it waits.

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/select.h>

#include "listener.h"
// BEGIN VARIANT
#include "manners.h"
// END VARIANT

#define MOST_UNSENT (64 * 1024)

/// A client, by its descriptor.
struct client {
  bool is_here;
  bool has_finished;  // nothing more is received from it
  size_t unsent;      // bytes in `buffer`, received and not yet sent back
  char buffer[MOST_UNSENT];
  // BEGIN VARIANT
  struct line line;
  // END VARIANT
};

static struct client clients[FD_SETSIZE];

/// Takes a newcomer from the backlog, without waiting for it.
static void accept_client(int listener) {
  const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    rest_if_exhausted();
    return;
  }
  // BEGIN SOLUTION: close a client whose descriptor does not fit into an fd_set (FD_SETSIZE).
  if (fd >= FD_SETSIZE) {
    close(fd);
    return;
  }
  // END SOLUTION
  struct client* client = &clients[fd];
  client->is_here = true;
  client->has_finished = false;
  client->unsent = 0;
  // BEGIN VARIANT
  client->line.length = 0;
  client->line.is_last = false;
  // BEGIN SOLUTION: put the greeting and a newline where what is unsent lies.
  client->unsent = strlen(GREETING "\n");
  memcpy(client->buffer, GREETING "\n", client->unsent);
  // END SOLUTION
  // END VARIANT
}

/// Receives what there is, and there is room for; false if the client is gone. Must not wait.
static bool receive_some(int fd, struct client* client) {
  // BEGIN SOLUTION: receive behind what is unsent; 0 bytes: it has finished; EAGAIN: it is here.
  char* const end = client->buffer + client->unsent;
  const ssize_t received = recv(fd, end, MOST_UNSENT - client->unsent, 0);
  if (received < 0) return errno == EAGAIN || errno == EINTR;
  size_t size = (size_t)received;
  client->has_finished = size == 0;
  // BEGIN VARIANT
  size = until_last_line(&client->line, end, size);
  client->has_finished = received == 0 || client->line.is_last;
  // END VARIANT
  client->unsent += size;
  return true;
  // END SOLUTION, until then: return false;
}

/// Sends what the client has room for; false if it is gone. Must not wait.
static bool send_some(int fd, struct client* client) {
  // BEGIN SOLUTION: send once, and keep what was not taken; EAGAIN: it is here.
  const ssize_t sent = send(fd, client->buffer, client->unsent, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  client->unsent -= (size_t)sent;
  memmove(client->buffer, client->buffer + sent, client->unsent);
  return true;
  // END SOLUTION, until then: return false;
}

/// The descriptors to ask about, and then those that are ready.
struct watched {
  fd_set readable;
  fd_set writable;
  int highest;
};

static struct watched watch(int listener) {
  struct watched watched = {.highest = listener};
  FD_ZERO(&watched.readable);
  FD_ZERO(&watched.writable);
  FD_SET(listener, &watched.readable);
  // BEGIN SOLUTION: ask about clients: readable if there is room, writable if something is unsent.
  for (int fd = 0; fd < FD_SETSIZE; ++fd) {
    const struct client* client = &clients[fd];
    if (!client->is_here) continue;
    if (!client->has_finished && client->unsent < MOST_UNSENT) FD_SET(fd, &watched.readable);
    if (client->unsent > 0) FD_SET(fd, &watched.writable);
    if (fd > watched.highest) watched.highest = fd;
  }
  // END SOLUTION
  return watched;
}

static void serve_ready(const struct watched* watched) {
  // BEGIN SOLUTION: receive from and send to the ready; close who is gone, or finished and content.
  for (int fd = 0; fd <= watched->highest; ++fd) {
    struct client* client = &clients[fd];
    if (!client->is_here) continue;
    bool is_here = true;
    if (FD_ISSET(fd, &watched->readable)) is_here = receive_some(fd, client);
    if (is_here && FD_ISSET(fd, &watched->writable)) is_here = send_some(fd, client);
    client->is_here = is_here && !(client->has_finished && client->unsent == 0);
    if (!client->is_here) close(fd);
  }
  // END SOLUTION
}

int main(int argc, char** argv) {
  const int listener = open_listener(argc, argv);
  fcntl(listener, F_SETFL, O_NONBLOCK);  // a newcomer may be gone before accept comes to it
  for (;;) {
    struct watched watched = watch(listener);
    // select(2): sleeps until a descriptor is ready, and leaves in the sets those that are.
    if (select(watched.highest + 1, &watched.readable, &watched.writable, NULL, NULL) < 0) continue;
    serve_ready(&watched);
    if (FD_ISSET(listener, &watched.readable)) accept_client(listener);
  }
}
