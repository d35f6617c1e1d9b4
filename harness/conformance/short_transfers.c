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

/* `count`, or what the environment variable `name` allows. */
static size_t shortened(size_t count, const char* name) {
  const char* text = getenv(name);
  const size_t limit = text != NULL ? strtoul(text, NULL, 10) : count;
  return count < limit ? count : limit;
}

ssize_t recv(int fd, void* buffer, size_t count, int flags) {
  ssize_t (*next)(int, void*, size_t, int) = dlsym(RTLD_NEXT, "recv");
  return next(fd, buffer, shortened(count, "SHORT_RECEIVE"), flags);
}

ssize_t send(int fd, const void* buffer, size_t count, int flags) {
  ssize_t (*next)(int, const void*, size_t, int) = dlsym(RTLD_NEXT, "send");
  return next(fd, buffer, shortened(count, "SHORT_SEND"), flags);
}
