"""``python -m gen.cli`` is ``bitloom``."""

import sys

from gen.cli.main import main

sys.exit(main())
