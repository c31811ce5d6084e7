# SPDX-License-Identifier: Apache-2.0
"""When a procedure that is watched live is over."""

from __future__ import annotations

from monai_medvid.findings.events import LiveState


class ProcedureEnd:
    """Says when the camera has been out of the body for so long that it will not come back.

    The camera must have been inside before: a tower is switched on long before the procedure.
    Moments that the model cannot judge change nothing.

    Example:
        >>> end = ProcedureEnd(outside_seconds=60)
        >>> end.reached(LiveState(seconds=0, inside=True))
        False
        >>> end.reached(LiveState(seconds=10, inside=False))
        False
        >>> end.reached(LiveState(seconds=70, inside=False))
        True
    """

    def __init__(self, *, outside_seconds: float | None) -> None:
        """Make ready.

        Args:
            outside_seconds: How long out of the body without a break; None for never.

        Raises:
            ValueError: It is not above 0.
        """
        if outside_seconds is not None and not outside_seconds > 0:
            msg = f"outside_seconds must be above 0, got {outside_seconds}."
            raise ValueError(msg)
        self._limit = outside_seconds
        self._was_inside = False
        self._outside_since: float | None = None

    def reached(self, state: LiveState) -> bool:
        """Take in what holds now, and tell whether the procedure is over."""
        if self._limit is None or state.inside is None or not state.familiar:
            return False
        if state.inside:
            self._was_inside, self._outside_since = True, None
        elif self._was_inside and self._outside_since is None:
            self._outside_since = state.seconds
        since = self._outside_since
        return since is not None and state.seconds - since >= self._limit
