"""uvloop: the very server of asyncio_echo.py, on the event loop that its README has one install.

usage: python3 uvloop_echo.py PORT
"""

import asyncio
import sys

import uvloop
from asyncio_echo import serve

uvloop.install()
asyncio.run(serve(int(sys.argv[1])))
