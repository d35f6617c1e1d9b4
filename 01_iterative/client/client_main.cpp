#include "01_iterative/client/client_main.h"

#include <csignal>
#include <cstdlib>
#include <exception>

#include "01_iterative/client/failure.h"
#include "01_iterative/client/interrupt.h"
#include "01_iterative/client/screen.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/socket_address.h"

namespace echolab {
namespace {

void connect_and_talk(const ClientOptions& options, Talk talk, Connect connect) {
  const Interrupt interrupt;
  const Destination& to = options.server;
  log::event("CONNECTING", "{}", escaped(host_and_port(to.host, to.port)));
  const UniqueFd server = connect(options, interrupt.fd());
  log::event("CONNECTED");
  talk(server, options, interrupt.fd());
}

}  // namespace

UniqueFd connect_stream(const ClientOptions& options, int interrupt) {
  return connect_with_timeout(options.server, interrupt);
}

int client_main(const ClientManual& manual, int argc, char** argv, Talk talk, Connect connect) {
  // Who reads the answers may go away (`client | head`): that is an error of write(2) to handle,
  // not a signal that ends the process.
  std::signal(SIGPIPE, SIG_IGN);
  int status = EXIT_FAILURE;
  try {
    occupy_standard_descriptors();
    const ClientOptions options = parse_client_options(manual, argc, argv);
    connect_and_talk(options, talk, connect);
    status = EXIT_SUCCESS;
  } catch (const Failure& failure) {
    log::event(failure.name(), "{}", failure.what());
  } catch (const std::exception& error) {
    log::event("ERROR", "{}", error.what());
  }
  log::event("DISCONNECTED");
  return status;
}

}  // namespace echolab
