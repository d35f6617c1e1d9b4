// A good server: the echo server of the documentation of Go's package net, word for word but for
// the address: https://pkg.go.dev/net#example-Listener.
//
// A goroutine a client costs a few KiB; the runtime multiplexes them all on epoll, and moves the
// bytes by splice, without a buffer of the program's. What the checker finds in it, it has: it ends
// when accept fails.
//
// Needs: go

package main

import (
	"io"
	"log"
	"net"
	"os"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	for {
		// Wait for a connection.
		conn, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		// Handle the connection in a new goroutine.
		// The loop then returns to accepting, so that
		// multiple connections may be served concurrently.
		go func(c net.Conn) {
			// Echo all incoming data.
			io.Copy(c, c)
			// Shut down the connection.
			c.Close()
		}(conn)
	}
}
