"""``python -m bptui``. Python puts the working folder first on the path, where the reader's own ``layers.py`` lies."""

import sys
from pathlib import Path

if not sys.flags.safe_path and Path(sys.path[0]) == Path.cwd() != Path(__file__).parent.parent:
    del sys.path[0]

from bptui.cli import main

sys.exit(main())
