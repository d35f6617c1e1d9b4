// htons-missing: the port's two bytes are the wrong way round.
//
// The symptom: nobody listens on the port that was asked for. With 8080, which is 0x1F90, the
// server listens on 0x901F, which is 36895; `ss -tln` shows it.
// The story: sin_port takes a number, and a port is a number: the compiler has nothing to say. The
// network's order is the big end first, this machine's the small end. A client by the same author
// has the same mistake, and the two understand each other; only nc and the others are refused.
// The fix: address.sin_port = htons(port).
//
// Model: threads

#include "student_c.h"

static int listen_as_told(int port) {
  open_reserve();
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) die("socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = (in_port_t)port;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) < 0) die("bind");
  if (listen(listener, SOMAXCONN) < 0) die("listen");
  return listener;
}

int main(int argc, char** argv) {
  thread_per_client(listen_as_told(port_of(argc, argv)), serve_client);
}
