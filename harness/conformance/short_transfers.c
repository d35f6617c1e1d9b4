/* Makes every recv and send of a program short, as the kernel may at any time: recv(2), send(2).
 *
 *     LD_PRELOAD=short_transfers.so SHORT_RECEIVE=7 SHORT_SEND=5 PROGRAM
 *
 * The kernel itself cuts a blocking send only when a signal arrives, so that a server which forgets
 * the rest passes every other test. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* `count`, or what the environment variable `name` allows. */
static size_t shortened(size_t count, const char* name) {
  const char* text = getenv(name);
  const size_t limit = text != NULL ? strtoul(text, NULL, 10) : count;
  return count < limit ? count : limit;
}

/* The same for read and write, which files and pipes have, too. */
static size_t shortened_if_socket(int fd, size_t count, const char* name) {
  struct stat status;
  const int is_socket = fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
  return is_socket ? shortened(count, name) : count;
}

ssize_t recv(int fd, void* buffer, size_t count, int flags) {
  ssize_t (*next)(int, void*, size_t, int) = dlsym(RTLD_NEXT, "recv");
  /* MSG_WAITALL asks for all of it, and the kernel then gives all. */
  const int takes_less = (flags & MSG_WAITALL) == 0;
  return next(fd, buffer, takes_less ? shortened(count, "SHORT_RECEIVE") : count, flags);
}

ssize_t send(int fd, const void* buffer, size_t count, int flags) {
  ssize_t (*next)(int, const void*, size_t, int) = dlsym(RTLD_NEXT, "send");
  return next(fd, buffer, shortened(count, "SHORT_SEND"), flags);
}

ssize_t read(int fd, void* buffer, size_t count) {
  ssize_t (*next)(int, void*, size_t) = dlsym(RTLD_NEXT, "read");
  return next(fd, buffer, shortened_if_socket(fd, count, "SHORT_RECEIVE"));
}

ssize_t write(int fd, const void* buffer, size_t count) {
  ssize_t (*next)(int, const void*, size_t) = dlsym(RTLD_NEXT, "write");
  return next(fd, buffer, shortened_if_socket(fd, count, "SHORT_SEND"));
}
