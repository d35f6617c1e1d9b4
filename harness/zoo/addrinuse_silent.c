// addrinuse-silent: where the port is taken, it ends without a word, and with exit status 0.
//
// The symptom: started on a port that is in use, it prints nothing and ends, as if all were well.
// Its clients reach whoever has the port: often the server's own older version.
// The story: "cannot serve, so there is nothing to do". The author starts it in a terminal, where
// the prompt comes back at once and says enough. A script, a service manager and a tired reader see
// success; then they look for the fault in the server that never ran.
// The fix: perror("bind"), and exit status 1. The message names the call and the reason.
//
// Model: fork

#include "student_c.h"

static int try_to_listen_on(int port) {
  open_reserve();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) die("socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((in_port_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) < 0) return -1;
  if (listen(listener, SOMAXCONN) < 0) return -1;
  return listener;
}

int main(int argc, char** argv) {
  const int listener = try_to_listen_on(port_of(argc, argv));
  if (listener < 0) return 0;
  fork_per_client(listener, serve_client);
}
