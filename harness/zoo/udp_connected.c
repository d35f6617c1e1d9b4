// udp-connected: the socket is connected to the client that asks first.
//
// The symptom: the first client is served, for as long as it likes; all others are told by the
// kernel that nobody takes datagrams on that port (ECONNREFUSED).
// The story: connect lets one use recv and send, which are shorter to write, and on the desk there
// is one client. What connect also does: the kernel delivers datagrams of that one address only.
// The fix: do without connect: recvfrom says who has asked, and sendto answers them.
//
// Model: iterative
// Service: udp-echo

#include "student_udp.h"

int main(int argc, char** argv) {
  const int server = datagram_socket_on(port_of(argc, argv));
  static char buffer[kLongestDatagram];
  struct sockaddr_in client;
  socklen_t length = sizeof client;
  if (recvfrom(server, buffer, 0, MSG_PEEK, (struct sockaddr*)&client, &length) < 0)
    die("recvfrom");
  if (connect(server, (struct sockaddr*)&client, length) < 0) die("connect");
  for (;;) {
    const ssize_t received = recv(server, buffer, sizeof buffer, 0);
    if (received < 0) continue;
    send(server, buffer, (size_t)received, 0);
  }
}
