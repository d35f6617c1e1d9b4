#include "01_iterative/client/lookup.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <thread>
#include <utility>

#include "common/system_error.h"

namespace echolab {

Lookup::Lookup(const std::string& host, const std::string& port)
    : done_(std::make_shared<UniqueFd>(::eventfd(0, EFD_CLOEXEC))) {
  if (!*done_) throw system_error("eventfd");
  std::packaged_task<AddressList()> look_up(
      [host, port] { return resolve(host, port, SOCK_STREAM, 0); });
  addresses_ = look_up.get_future();
  std::thread([look_up = std::move(look_up), done = done_]() mutable {
    look_up();
    ::eventfd_write(done->get(), 1);  // eventfd(3)
  }).detach();
}

}  // namespace echolab
