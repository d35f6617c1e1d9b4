"""The course's pages are tested: what they tell the reader to type is typed, and what they say is
shown must be shown.

A page is Markdown. Comments just before a fenced block say what cannot be seen in it:

    <!-- not run: REASON -->    its commands are not typed; such blocks are counted
    <!-- types: hello | quit --> lines that a person types into the running program
    <!-- prompt: >>> -->        what stands behind that prompt is typed as well
    <!-- terminal: server -->   goes on on that terminal, whose program still runs
    <!-- file: NAME -->         the block is the text of that file, which the reader writes
    <!-- listing: FILE NAME --> the block is the part of FILE between BEGIN NAME and END NAME
"""
