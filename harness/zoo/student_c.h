#pragma once

// What is right in every C server of the zoo: student.h in C, as far as C servers need it.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // for accept4
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void die(const char* call) {
  perror(call);
  exit(1);
}

/// Held in reserve, from the start, for the day when descriptors run out.
static int reserve = -1;

static inline void open_reserve(void) {
  reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/// The port, which is the program's only argument.
static inline int port_of(int argc, char** argv) {
  if (argc == 2) return atoi(argv[1]);
  fprintf(stderr, "usage: %s PORT\n", argv[0]);
  exit(2);
}

/// A socket that listens on 127.0.0.1.
static inline int listen_on(int port) {
  open_reserve();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) die("socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((in_port_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) < 0) die("bind");
  if (listen(listener, SOMAXCONN) < 0) die("listen");
  return listener;
}

/// Whether accept failed for want of room here, rather than by the newcomer's own trouble.
static inline bool is_out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// Whether accept failed by what became of the newcomer, or of its network: see accept(2).
static inline bool is_newcomers_trouble(int error) {
  switch (error) {
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPERM:
    case EPROTO:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

/// Out of descriptors: giving up the reserve lets a newcomer be taken and turned away, or kept and
/// returned, if there is room again when it comes. Where even that fails, rest, rather than ask
/// again at once, and return -1.
static inline int turn_newcomer_away(int listener) {
  close(reserve);
  const int newcomer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  const bool has_failed = newcomer < 0;
  open_reserve();
  if (has_failed) usleep(100 * 1000);
  if (has_failed || reserve >= 0) return newcomer;
  close(newcomer);
  open_reserve();
  return -1;
}

/// The next client, on a blocking listener.
static inline int accept_client(int listener) {
  for (;;) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0 && is_out_of_resources(errno)) client = turn_newcomer_away(listener);
    if (client >= 0) return client;
  }
}

/// Sends everything, from a blocking socket. False if the client has gone.
static inline bool send_all(int client, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(client, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    data += sent;
    size -= (size_t)sent;
  }
  return true;
}

/// Echoes to one client, on a blocking socket, from its first byte to its last; then closes.
static inline void serve_client(int client) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t received = recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (!send_all(client, buffer, (size_t)received)) break;
  }
  close(client);
}

/// What a thread is given: who serves, and whom.
struct errand {
  void (*serve)(int client);
  int client;
};

static inline void* run_errand(void* argument) {
  const struct errand errand = *(struct errand*)argument;
  free(argument);
  errand.serve(errand.client);
  return NULL;
}

/// Gives each client a thread of its own. `serve` closes its client.
static inline void thread_per_client(int listener, void (*serve)(int client)) {
  for (;;) {
    const int client = accept_client(listener);
    struct errand* errand = malloc(sizeof *errand);
    if (errand != NULL) *errand = (struct errand){serve, client};
    pthread_t thread;
    if (errand == NULL || pthread_create(&thread, NULL, run_errand, errand) != 0) {
      free(errand);
      close(client);  // no more threads: this client is turned away
      continue;
    }
    pthread_detach(thread);
  }
}

/// One SIGCHLD may stand for several children: collect all that have ended.
static inline void reap_children(int signal) {
  (void)signal;
  const int error = errno;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
  errno = error;
}

static inline void on_signal(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {0};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, NULL);
}

/// For a child, first of all: it is to end when its parent ends, even if that was a moment ago.
static inline void end_with_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(0);
}

/// Gives each client a process of its own. `serve` closes its client.
static inline void fork_per_client(int listener, void (*serve)(int client)) {
  on_signal(SIGCHLD, reap_children, SA_RESTART);
  const pid_t parent = getpid();
  for (;;) {
    const int client = accept_client(listener);
    if (fork() == 0) {
      end_with_parent(parent);
      close(listener);
      serve(client);
      _exit(0);
    }
    close(client);  // the child has its own; and without a child the client is turned away
  }
}
