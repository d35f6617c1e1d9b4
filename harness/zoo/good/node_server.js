// A good server: Node's net module, which pipes what comes back to where it came from.
//
// The error handler is needed: without one, a client's reset ends the process. Node accepts, reads
// and writes by itself, and pauses reading while the client does not.
//
// Needs: node

const net = require("net");

const server = net.createServer({ allowHalfOpen: true }, (client) => {
  client.on("error", () => client.destroy());
  client.setNoDelay(true);
  client.pipe(client);
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 1024 });
