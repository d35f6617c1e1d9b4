#pragma once

// What is right in every datagram server of the zoo that is written in C.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kLongestDatagram = 65507 };  // bytes that fit IPv4

static inline void die(const char* call) {
  perror(call);
  exit(1);
}

/// The port, which is the program's only argument.
static inline int port_of(int argc, char** argv) {
  if (argc == 2) return atoi(argv[1]);
  fprintf(stderr, "usage: %s PORT\n", argv[0]);
  exit(2);
}

/// A socket that takes datagrams on 127.0.0.1.
static inline int datagram_socket_on(int port) {
  const int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (server < 0) die("socket");
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((in_port_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(server, (struct sockaddr*)&address, sizeof address) < 0) die("bind");
  return server;
}
