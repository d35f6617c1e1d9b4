// wrong-port: it takes a port as argument, and listens on another one.
//
// The symptom: nobody listens on the port that was asked for; the server listens on 12345, always.
// The story: the port was a constant at first. Then came the argument, with its check and its usage
// line; but the call that binds still has the constant. The author's own trials all use 12345.
// The fix: pass the argument on, and delete the constant, so that no call can use it.
//
// Model: threads

#include "student.h"

namespace {

constexpr int kPort = 12345;

}  // namespace

int main(int argc, char** argv) {
  const int port = zoo::port_of(argc, argv);
  if (port < 1 || port > 65535) {
    std::fprintf(stderr, "%d is no port\n", port);
    return 2;
  }
  zoo::thread_per_client(zoo::listen_on(kPort), zoo::serve_client);
}
