// Serves one client with calls that block: what lab 01 is about.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

// BEGIN VARIANT
#include "manners.h"
// END VARIANT

/// Sends all of it; false if the client has gone.
static inline bool send_all(int client, const char* bytes, size_t size) {
  // BEGIN SOLUTION: send until all is sent: send may take less. No signal (MSG_NOSIGNAL).
  while (size > 0) {
    const ssize_t sent = send(client, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes += sent;
    size -= (size_t)sent;
  }
  return true;
  // END SOLUTION, until then: return false;
}

/// Serves the client until it has finished, or is gone. The caller closes it.
static inline void serve(int client) {
  // BEGIN SOLUTION: receive, and send all of it back, until the client has finished or is gone.
  char buffer[16 * 1024];
  // BEGIN VARIANT
  struct line line = {0};
  if (!send_all(client, GREETING "\n", strlen(GREETING "\n"))) return;
  // END VARIANT
  for (;;) {
    const ssize_t received = recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return;
    size_t size = (size_t)received;
    // BEGIN VARIANT
    size = until_last_line(&line, buffer, size);
    // END VARIANT
    if (!send_all(client, buffer, size)) return;
    // BEGIN VARIANT
    if (line.is_last) return;
    // END VARIANT
  }
  // END SOLUTION
}
