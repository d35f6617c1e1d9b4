"""Starters: what a student begins a lab with, made from the sources that are also the textbook.

A source marks what a starter leaves out, and says in a sentence what belongs there:

    // BEGIN SOLUTION: receive and send in turns, until the session has finished.
    ...
    // END SOLUTION, until then: CODE

CODE stands there meanwhile, for a program that shall run although nothing is written yet; it may be
left out. Between BEGIN VARIANT and END VARIANT stands what only a variant has (--seed); solutions
may lie in such parts, and such parts in solutions. harness/starters/starters.toml says which files
are a lab's, and which of them are its tasks.
"""
