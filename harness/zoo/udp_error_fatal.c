// udp-error-fatal: every error of recvfrom ends the server.
//
// The symptom: a client asks, and leaves without waiting for the answer; and the server is gone,
// with "recvfrom: Connection refused" for its last words.
// The story: IP_RECVERR was copied from a ping program, so that one hears of it when an answer
// finds nobody. One hears of it at the next call on the socket, whichever that is: here the one
// that waits for quite another client.
// The fix: after an error of recvfrom or sendto go on with the next datagram. Only errors of the
// socket itself (EBADF, EINVAL) are the server's own.
//
// Model: iterative
// Service: udp-echo

#include "student_udp.h"

int main(int argc, char** argv) {
  const int server = datagram_socket_on(port_of(argc, argv));
  const int on = 1;
  setsockopt(server, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  static char buffer[kLongestDatagram];
  for (;;) {
    struct sockaddr_in client;
    socklen_t length = sizeof client;
    const ssize_t received =
        recvfrom(server, buffer, sizeof buffer, 0, (struct sockaddr*)&client, &length);
    if (received < 0) die("recvfrom");
    if (sendto(server, buffer, (size_t)received, 0, (struct sockaddr*)&client, length) < 0) {
      die("sendto");
    }
  }
}
