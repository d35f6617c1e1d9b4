/* libevent: a bufferevent a client, as in the book of its author ("Connection listeners: accepting
 * TCP connections", an echo server), made right.
 *
 * Added to the book's: what is owed is written before the end, a client that does not read is not
 * read from (bufferevent_disable), and answers leave at once (TCP_NODELAY).
 *
 * usage: peer_libevent PORT
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BACKLOG = 1024, MOST_OWED_BYTES = 64 * 1024 };

static size_t owed_bytes(struct bufferevent* client) {
  return evbuffer_get_length(bufferevent_get_output(client));
}

static void on_read(struct bufferevent* client, void* context) {
  (void)context;
  evbuffer_add_buffer(bufferevent_get_output(client), bufferevent_get_input(client));
  if (owed_bytes(client) > MOST_OWED_BYTES) bufferevent_disable(client, EV_READ);
}

/* libevent calls this when all that was owed has been written. */
static void on_written(struct bufferevent* client, void* context) {
  (void)context;
  bufferevent_enable(client, EV_READ);
}

static void close_when_written(struct bufferevent* client, void* context) {
  (void)context;
  bufferevent_free(client);
}

static void on_event(struct bufferevent* client, short events, void* context) {
  if ((events & BEV_EVENT_EOF) && owed_bytes(client) > 0) {
    bufferevent_setcb(client, NULL, close_when_written, on_event, context);
  } else if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
    bufferevent_free(client);
  }
}

static void on_connection(struct evconnlistener* listener, evutil_socket_t fd,
                          struct sockaddr* address, int length, void* context) {
  (void)address;
  (void)length;
  struct event_base* const base = evconnlistener_get_base(listener);
  struct bufferevent* const client = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(client, on_read, on_written, on_event, context);
  bufferevent_enable(client, EV_READ | EV_WRITE);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: peer_libevent PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((in_port_t)atoi(argv[1])),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct event_base* const base = event_base_new();
  struct evconnlistener* const listener = evconnlistener_new_bind(
      base, on_connection, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, BACKLOG,
      (const struct sockaddr*)&address, sizeof address);
  if (listener == NULL) {
    fprintf(stderr, "peer_libevent: cannot listen on port %s\n", argv[1]);
    return 1;
  }
  const int on = 1; /* accepted sockets inherit it */
  setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return event_base_dispatch(base);
}
