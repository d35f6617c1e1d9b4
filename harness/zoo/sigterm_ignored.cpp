// sigterm-ignored: it ignores SIGTERM.
//
// The symptom: `kill` does nothing: the server goes on, and takes new clients. A service manager
// waits, often 90 seconds, and then kills it without warning.
// The story: it was not to end when the terminal closes, so the signals that "end a program" were
// ignored, all in one line. The author ends it with Ctrl-C, which still works.
// The fix: leave SIGTERM alone, or handle it by an orderly end. SIGHUP may be ignored; better
// still, start the server with nohup or setsid.
//
// Model: poll

#include <csignal>

#include "student.h"

int main(int argc, char** argv) {
  const int listener = zoo::listen_on(zoo::port_of(argc, argv));
  for (const int number : {SIGHUP, SIGTERM}) std::signal(number, SIG_IGN);
  zoo::serve_by_poll(listener, zoo::serve_turn);
}
