"""What the three Python servers say, and how they are started."""

import argparse


def answer(message: bytes) -> bytes | None:
    """Returns the answer to a message; None where the connection is to be closed."""
    text = message.decode(errors="replace").rstrip("\r\n")
    if text == "done":
        return None
    return b"pong" if text == "ping" else f"Message '{text}' received successfully".encode()


def parse_arguments() -> argparse.Namespace:
    """Reads `--framing line` or `--framing chunk`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--framing", choices=["line", "chunk"], required=True)
    return parser.parse_args()


def announce(name: str, address: tuple) -> None:
    """Prints the ready line, as the servers of the kit do."""
    print(f"{name} listening on {address[0]}:{address[1]}", flush=True)
