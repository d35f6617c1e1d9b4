# decode-crash: it takes the bytes for text in UTF-8, and ends when they are not.
#
# The symptom: the byte 0x80 alone ends the whole process, with a UnicodeDecodeError on stderr and
# exit status 1: all clients lose their connections. ASCII passes, the zero byte included.
# The story: the log is to count letters, so the message is decoded, and encoded again on its way
# out. The author types on a keyboard that makes good UTF-8. But anyone may send any byte; and even
# good UTF-8 may be cut in the middle of a letter, since a stream is cut anywhere.
# The fix: bytes are not text. Send back what came; decode only a copy, with errors="replace".
#
# Model: poll

import sys

import student


def answer(data: bytes) -> bytes:
    text = data.decode()
    if text:
        print(f"a message of {len(text)} letters", file=sys.stderr)
    return text.encode()


student.EventLoop(student.listen_on(student.port_of_arguments()), answer).run()
