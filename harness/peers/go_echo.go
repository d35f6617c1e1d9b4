// Go's net: a goroutine for each client, as in the documentation of net.Listener.
//
// Where that has io.Copy, here are a Read and a Write: on Linux io.Copy splices through a pipe,
// which spares large messages a copy, and costs small ones two more system calls. Go sets
// TCP_NODELAY by itself, and uses as many threads as there are processors, unless the environment
// variable GOMAXPROCS says otherwise.
//
// usage: peer_go PORT
package main

import (
	"fmt"
	"net"
	"os"
)

func echo(client net.Conn) {
	defer client.Close()
	buffer := make([]byte, 32*1024)
	for {
		count, err := client.Read(buffer)
		if err != nil {
			return
		}
		if _, err := client.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: peer_go PORT")
		os.Exit(2)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer_go:", err)
		os.Exit(1)
	}
	for {
		if client, err := listener.Accept(); err == nil {
			go echo(client)
		}
	}
}
