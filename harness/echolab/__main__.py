import signal
import sys

# While modules are loaded there is nothing to put in order: Ctrl-C ends this process at once.
interrupts = signal.getsignal(signal.SIGINT)
if interrupts is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from echolab.cli import main  # noqa: E402

signal.signal(signal.SIGINT, interrupts)
sys.exit(main())
