#include "02_threads/gui/connecting.h"

namespace echolab {

Connecting::Connecting(const Destination& server)
    : socket_(std::async(std::launch::async, [this, server] {
        const GivesSign gives_sign{done_};
        return connect_with_timeout(server, give_up_.fd());
      })) {}

Connecting::~Connecting() {
  give_up_.give();
  if (socket_.valid()) socket_.wait();  // its thread uses the signs
}

}  // namespace echolab
