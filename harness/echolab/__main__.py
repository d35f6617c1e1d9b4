import sys

from echolab.cli import main

sys.exit(main())
