#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>

#include "03_select/connection.h"
#include "04_poll/client_count.h"
#include "common/options.h"
#include "common/unique_fd.h"

namespace echolab {

/// Changes the list that the kernel keeps of the descriptors to watch: epoll_ctl(2). `interest`
/// says what `fd` is watched for, EPOLLIN and so on. Throws std::system_error.
void epoll_control(const UniqueFd& epoll, int operation, int fd, std::uint32_t interest);

/// The clients of an epoll loop, by their descriptors, and their entries in the kernel's list.
///
/// Level-triggered, an entry says what its client waits for just now, and epoll reports it again in
/// every turn in which it is there. Edge-triggered (EPOLLET), it asks for everything, once and for
/// all, and epoll reports changes only: what was reported must be used up, or remembered.
class EpollClients {
 public:
  /// `epoll` and `options` must outlive this.
  EpollClients(const UniqueFd& epoll, const Options& options);

  [[nodiscard]] std::size_t size() const { return clients_.size(); }

  /// Watches a newcomer. Throws std::system_error or std::bad_alloc when there is no memory for it;
  /// its socket is closed then.
  void add(UniqueFd socket, Place place);

  /// epoll has reported `fd`. Does nothing if it is not a client's.
  void serve(int fd);

  /// True while somebody is ready of whom epoll will not report it again.
  [[nodiscard]] bool any_ready() const { return !ready_.empty(); }

  /// Serves those clients.
  void serve_ready();

  /// Looks at every client, silent ones included: for what depends on time, and not too often.
  void remove_finished();

  /// The server shuts down: see Connection::end_input().
  void end_input();

 private:
  struct Client {
    Client(Place taken, UniqueFd socket, const Options& options, std::uint32_t first_interest)
        : place(std::move(taken)),
          connection(std::move(socket), options),
          interest(first_interest),
          turn({connection.fd()}) {}

    Place place;
    Connection connection;
    std::uint32_t interest;  // as epoll was told
    std::list<int> turn;     // a node for ready_, or none while it is there
  };

  void receive(Client& client);
  void change_interest(Client& client);
  [[nodiscard]] std::uint32_t interest_of(const Connection& connection) const;

  const UniqueFd& epoll_;
  const Options& options_;
  std::unordered_map<int, Client> clients_;
  std::list<int> ready_;  // grows by nodes that the clients have: to be ready takes no memory
};

}  // namespace echolab
