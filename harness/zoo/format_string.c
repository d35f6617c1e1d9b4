// format-string: what the client sends is taken for a format, as in printf(text).
//
// The symptom: "%x.%x.%d" comes back as numbers, taken from the server's own memory; "%%" as "%".
// "%s" or "%n" may end the process of that client, or worse. A zero byte ends the message, too.
// The story: `answer` was written for texts like "%d clients", and then used for the echo, because
// it was there. Messages without a per cent sign come back as they should, and who sends one?
// The fix: answer(client, "%s", text); and for an echo, send the bytes that came, without any
// format.
//
// Model: fork

#include <stdarg.h>

#include "student_c.h"

enum { LONGEST = 4096 };

static bool answer(int client, const char* format, ...) {
  char text[LONGEST + 1];
  va_list arguments;
  va_start(arguments, format);
  const int wanted = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const int size = wanted > LONGEST ? LONGEST : wanted;
  return size >= 0 && send_all(client, text, (size_t)size);
}

static void serve(int client) {
  char text[LONGEST + 1];
  for (;;) {
    const ssize_t received = recv(client, text, LONGEST, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    text[received] = '\0';
    if (!answer(client, text)) break;
  }
  close(client);
}

int main(int argc, char** argv) {
  fork_per_client(listen_on(port_of(argc, argv)), serve);
}
