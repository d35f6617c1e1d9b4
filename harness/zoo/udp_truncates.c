// udp-truncates: datagrams are received into a buffer of 1024 bytes, however long they are.
//
// The symptom: of a longer datagram the first 1024 bytes come back, and the others never do.
// The story: with TCP the buffer may have any size: what does not fit is there for the next recv.
// So the size is taken over. But a datagram is received at once or not at all: the kernel throws
// away what there is no room for, and recvfrom returns 1024, as if that had been all.
// The fix: give it room for the longest, 65507 bytes; or pass MSG_TRUNC, so that recvfrom returns
// the true length, and drop what is longer than the buffer.
//
// Model: iterative
// Service: udp-echo

#include "student_udp.h"

int main(int argc, char** argv) {
  const int server = datagram_socket_on(port_of(argc, argv));
  char buffer[1024];
  for (;;) {
    struct sockaddr_in client;
    socklen_t length = sizeof client;
    const ssize_t received =
        recvfrom(server, buffer, sizeof buffer, 0, (struct sockaddr*)&client, &length);
    if (received < 0) continue;
    sendto(server, buffer, (size_t)received, 0, (struct sockaddr*)&client, length);
  }
}
