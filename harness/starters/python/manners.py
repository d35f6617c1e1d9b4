"""What is polite in this year's task: the words, the limit, and which line is the last."""

# Put here the words and the limit that README.md names.
GREETING = b"welcome\n"
TERMINATOR = b"bye"
LINE_LIMIT = 4096


class Line:
    """The line that a client is saying."""

    def __init__(self):
        self.text = b""
        self.is_last = False

    def until_last(self, data):
        """Takes what a client has sent. Returns what of it is to be sent back: all, or what comes
        up to the end of the last line, and then sets is_last.
        """
        # BEGIN SOLUTION: keep what comes, within bounds; at each \n: is it a farewell, or too long?
        rest = data
        while rest and not self.is_last:
            piece, newline, rest = rest.partition(b"\n")
            self.text = (self.text + piece)[: LINE_LIMIT + 2]
            if newline:
                line = self.text.removesuffix(b"\r")
                self.text = b""
                self.is_last = line == TERMINATOR or len(line) > LINE_LIMIT
        data = data[: len(data) - len(rest)]
        # END SOLUTION
        return data
