# SPDX-License-Identifier: Apache-2.0
"""``python -m monai_medvid`` is the ``medvid`` command."""

from monai_medvid.cli import main

main()
