// udp-dies-on-empty: the loop goes on while recvfrom returns more than 0.
//
// The symptom: one datagram of 0 bytes, from anybody, and the server has ended; its exit status
// is 0, as if all were well.
// The story: the loop comes from a TCP server, where 0 is the end of the stream. Here is no stream,
// and 0 is the length of a datagram: one that a port scanner sends, for instance.
// The fix: for (;;), and take 0 for a length like any other.
//
// Model: iterative
// Service: udp-echo

#include "student_udp.h"

int main(int argc, char** argv) {
  const int server = datagram_socket_on(port_of(argc, argv));
  static char buffer[kLongestDatagram];
  struct sockaddr_in client;
  socklen_t length = sizeof client;
  ssize_t received = 0;
  while ((received =
              recvfrom(server, buffer, sizeof buffer, 0, (struct sockaddr*)&client, &length)) > 0) {
    sendto(server, buffer, (size_t)received, 0, (struct sockaddr*)&client, length);
    length = sizeof client;
  }
  close(server);
  return 0;
}
