// The listening socket: the calls of lab 00 in their order. Nothing is missing here.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline int check(int result, const char* call) {
  if (result >= 0) return result;
  perror(call);
  exit(1);
}

/// Returns a socket that can be called on 127.0.0.1, on the port named by the first argument.
static inline int open_listener(int argc, char** argv) {
  const int port = argc == 2 ? atoi(argv[1]) : 7007;
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((in_port_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
  check(bind(listener, (struct sockaddr*)&address, sizeof address), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  printf("listening on 127.0.0.1:%d\n", port);
  fflush(stdout);
  return listener;
}

/// After accept has failed. Out of descriptors the listener stays ready, and accept would fail
/// again at once, for ever: so this waits for a moment.
static inline void rest_if_exhausted(void) {
  const struct timespec moment = {0, 100 * 1000 * 1000};  // nanoseconds
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
    nanosleep(&moment, NULL);
  }
}
