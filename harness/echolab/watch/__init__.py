"""Watching a server at work: what the kernel tells of it, again and again, on a terminal."""
