"""``python -m bptui``, whose working folder ``bptui.working_folder`` has taken off the path."""

import sys

from bptui.cli import main

sys.exit(main())
