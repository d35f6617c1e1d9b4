"""The timeline: who waits and who is served, measured for a few clients with slow requests."""
