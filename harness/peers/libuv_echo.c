/* libuv: the echo server of its guide (docs.libuv.org, "Networking"), made right.
 *
 * As the guide has it, each read gets a fresh buffer, which is freed when it has been written.
 * Added to it: a client that does not read is not read from (uv_read_stop), so that its end of
 * stream, too, is read only when nothing is owed any more; and answers leave at once
 * (uv_tcp_nodelay).
 *
 * usage: peer_libuv PORT
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { BACKLOG = 1024 };

struct write_request {
  uv_write_t request;
  uv_buf_t buffer;
};

static void allocate(uv_handle_t* client, size_t suggested_size, uv_buf_t* buffer) {
  (void)client;
  *buffer = uv_buf_init(malloc(suggested_size), (unsigned)suggested_size);
}

static void on_closed(uv_handle_t* client) {
  free(client);
}

static void close_once(uv_stream_t* client) {
  if (!uv_is_closing((uv_handle_t*)client)) uv_close((uv_handle_t*)client, on_closed);
}

static void on_read(uv_stream_t* client, ssize_t count, const uv_buf_t* buffer);

static void on_written(uv_write_t* request, int status) {
  uv_stream_t* const client = request->handle;
  struct write_request* const written = (struct write_request*)request;
  free(written->buffer.base);
  free(written);
  if (status < 0) return close_once(client);
  if (uv_stream_get_write_queue_size(client) == 0) uv_read_start(client, allocate, on_read);
}

static void echo(uv_stream_t* client, char* bytes, size_t count) {
  struct write_request* const request = malloc(sizeof *request);
  request->buffer = uv_buf_init(bytes, (unsigned)count);
  uv_write(&request->request, client, &request->buffer, 1, on_written);
  if (uv_stream_get_write_queue_size(client) > 0) uv_read_stop(client);
}

static void on_read(uv_stream_t* client, ssize_t count, const uv_buf_t* buffer) {
  if (count > 0) return echo(client, buffer->base, (size_t)count);
  free(buffer->base);
  if (count < 0) close_once(client); /* UV_EOF, or an error; 0 is EAGAIN */
}

static void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  uv_tcp_t* const client = malloc(sizeof *client);
  uv_tcp_init(listener->loop, client);
  if (uv_accept(listener, (uv_stream_t*)client) < 0) return close_once((uv_stream_t*)client);
  uv_tcp_nodelay(client, 1);
  uv_read_start((uv_stream_t*)client, allocate, on_read);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: peer_libuv PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  uv_loop_t* const loop = uv_default_loop();
  uv_tcp_t listener;
  struct sockaddr_in address;
  uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
  uv_tcp_init(loop, &listener);
  uv_tcp_bind(&listener, (const struct sockaddr*)&address, 0);
  const int error = uv_listen((uv_stream_t*)&listener, BACKLOG, on_connection);
  if (error < 0) {
    fprintf(stderr, "peer_libuv: cannot listen on port %s: %s\n", argv[1], uv_strerror(error));
    return 1;
  }
  return uv_run(loop, UV_RUN_DEFAULT);
}
