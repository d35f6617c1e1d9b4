// Node's net: what comes is piped back, as in its documentation of net.createServer.
//
// Added to it: answers leave at once (noDelay), and a client's reset is not the end of the process
// ("error"). After a client's end of stream Node writes what it still owes.
//
// usage: node node_echo.js PORT

const net = require("net");

const server = net.createServer({ noDelay: true }, (client) => {
  client.on("error", () => client.destroy());
  client.pipe(client);
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 1024 });
