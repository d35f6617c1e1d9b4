// stdio-not-flushed: it answers through a stdio stream, and nothing flushes the stream.
//
// The symptom: "hello" does not come back, nor do some thousands of bytes more, until the client
// ends its side: then all of it comes. Of a large message, whole blocks of 64 KiB come back
// earlier.
// The story: fwrite is the call that one knows, and a large buffer saves system calls. A terminal
// flushes at each line end, but a socket is no terminal: the bytes lie in the buffer. The author
// sends a file through nc, which ends its side, and fclose flushes.
// The fix: fflush after each answer, or send without stdio.
//
// Model: threads

#include "student_c.h"

enum { STREAM_BUFFER = 64 * 1024 };

static void echo(int client, FILE* out) {
  char buffer[4096];
  for (;;) {
    const ssize_t received = recv(client, buffer, sizeof buffer, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    if (fwrite(buffer, 1, (size_t)received, out) < (size_t)received) break;
  }
}

static void serve(int client) {
  char stream_buffer[STREAM_BUFFER];
  FILE* out = fdopen(client, "w");
  if (out == NULL) {
    close(client);
    return;
  }
  setvbuf(out, stream_buffer, _IOFBF, sizeof stream_buffer);
  echo(client, out);
  fclose(out);  // closes the client, too
}

int main(int argc, char** argv) {
  on_signal(SIGPIPE, SIG_IGN, 0);  // stdio has no MSG_NOSIGNAL
  thread_per_client(listen_on(port_of(argc, argv)), serve);
}
