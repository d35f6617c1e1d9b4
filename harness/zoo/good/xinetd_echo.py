# A good server: the echo service that xinetd has built in, RFC 862 as administrators know it.
#
# xinetd takes its services from a file, and this one is told a port: so the file is made here, in
# memory, and this program becomes xinetd, which at its start closes all descriptors but the first
# three: so the file is the one that is called stderr. A client is served by a process of its own.
#
# Needs: xinetd

import os
import sys

CONFIGURATION = """
service echo
{{
    type = INTERNAL UNLISTED
    id = echo-stream
    socket_type = stream
    protocol = tcp
    bind = 127.0.0.1
    port = {port}
    wait = no
    instances = UNLIMITED
    cps = 0 0
}}
"""

if __name__ == "__main__":
    configuration = os.memfd_create("xinetd.conf")
    os.write(configuration, CONFIGURATION.format(port=int(sys.argv[1])).encode())
    os.dup2(configuration, sys.stderr.fileno())
    options = ["-dontfork", "-filelog", "/dev/null", "-f", "/proc/self/fd/2"]
    os.execvp("xinetd", ["xinetd", *options])
