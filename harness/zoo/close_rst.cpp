// close-rst: it closes with a linger time of zero, which is a reset.
//
// The symptom: a client that sends its bytes, ends its side and reads to the end meets a reset
// (ECONNRESET) in place of the end. What was still on its way to it is lost.
// The story: after a restart, bind said "Address already in use", and a search said that SO_LINGER
// with zero leaves no TIME_WAIT. True: it leaves no orderly end either. The author's client has all
// of its answers before it leaves, and never looks at the end.
// The fix: plain close, and SO_REUSEADDR on the listener against TIME_WAIT.
//
// Model: threads

#include "student.h"

namespace {

void serve(int client) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  zoo::serve_client(client);
}

}  // namespace

int main(int argc, char** argv) {
  zoo::thread_per_client(zoo::listen_on(zoo::port_of(argc, argv)), serve);
}
