# SPDX-License-Identifier: Apache-2.0
"""``python apps/monitor_endoscopy --source SOURCE --output OUT``."""

from __future__ import annotations

import os
import sys
import warnings

if __name__ == "__main__":
    os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "WARN")
    warnings.simplefilter("ignore")
    from run import main  # not above: what it imports is loud until told otherwise

    sys.exit(main())
