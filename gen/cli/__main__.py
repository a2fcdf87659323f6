"""``python -m gen.cli`` is ``bitloom``."""

import sys

from gen.cli import main

sys.exit(main())
