"""The driver behind ./lab: it starts servers as processes, loads them, and accounts for them."""
