/* The reference of speed: a level-triggered epoll loop in plain C, with as little in it as an echo
 * needs. It answers every byte, and that is all: it buffers nothing (a client that does not read
 * stops it), heeds no limit, and reports no error. What a server of the kit costs beyond this is
 * the price of being correct.
 *
 * usage: raw_epoll PORT
 */
#define _GNU_SOURCE /* accept4(2) */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 512 };

static int listen_on(int port) {
  const int on = 1;
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((in_port_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
  if (bind(listener, (const struct sockaddr*)&address, sizeof address) < 0 ||
      listen(listener, SOMAXCONN) < 0) {
    perror("raw_epoll");
    exit(1);
  }
  return listener;
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int send_all(int client, const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = send(client, bytes, (size_t)size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return -1;
    if (sent < 0) {
      struct pollfd room = {client, POLLOUT, 0};
      poll(&room, 1, -1);
      continue;
    }
    bytes += sent;
    size -= sent;
  }
  return 0;
}

static void echo(int client) {
  static char buffer[64 * 1024];
  const ssize_t received = recv(client, buffer, sizeof buffer, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0 || send_all(client, buffer, received) < 0) close(client);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: raw_epoll PORT\n");
    return 2;
  }
  const int listener = listen_on(atoi(argv[1]));
  const int epoll = epoll_create1(0);
  struct epoll_event events[EVENTS_AT_ONCE];
  watch(epoll, listener);
  for (;;) {
    const int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.fd != listener) {
        echo(events[i].data.fd);
        continue;
      }
      int client;
      while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) watch(epoll, client);
    }
  }
}
