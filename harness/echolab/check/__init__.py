"""The checker: is a server correct and, if not, which classic bug does it have?

A check (checks/) starts servers of its own, does something to them over sockets and signals, and
looks at them from outside. It ends in a verdict on one requirement of docs/protocol.md, and it
states facts: small observations with a name. A bug (bugs/) is a rule over those facts. So a check
need not know which bugs there are, nor a bug how a check works.
"""
