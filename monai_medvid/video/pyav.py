# SPDX-License-Identifier: Apache-2.0
"""Frames of a container by number, decoded with FFmpeg through PyAV."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Lock

import numpy as np
from av.video.frame import VideoFrame

from monai_medvid.video.color import RgbConverter
from monai_medvid.video.decoder import Frame
from monai_medvid.video.examine import Examined
from monai_medvid.video.session import Session
from monai_medvid.video.timeline import Timeline

_log = logging.getLogger(__name__)

_NAMED_LOSSES = 10


class PyAVDecoder:
    """The decoder for every container and codec that FFmpeg knows.

    A frame that the stream holds but that cannot be decoded is given as black, with a warning
    in ``info`` and in the log; the frames after it keep their numbers.

    Attributes:
        info: What the video is; warnings are added to it as damage is met.
    """

    def __init__(self, examined: Examined, *, reason: str) -> None:
        self._examined = examined
        self.info = replace(examined.info, decoder="pyav", decoder_reason=reason)
        self._idle: list[_Reader] = []
        self._all: set[_Reader] = set()
        self._lock = Lock()
        self._careful = False
        self._lost: set[int] = set()

    @property
    def times(self) -> Timeline:
        """Seconds from the first frame, one a frame, ascending."""
        return self._examined.index.timeline

    def iterate(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Frames start, start + step, ... < stop, in order, in constant memory."""
        yield from self._frames(range(start, stop, step), step)

    def read(self, indices: Sequence[int]) -> Iterator[Frame]:
        """The frames with these numbers, in the order asked."""
        yield from self._frames(indices, 1)

    def close(self) -> None:
        """Give back files and threads; safe to call twice."""
        with self._lock:
            readers, self._all, self._idle = self._all, set(), []
        for reader in readers:
            reader.close()

    def _frames(self, indices: Sequence[int], step: int) -> Iterator[Frame]:
        reader = self._borrow()
        try:
            for index in indices:
                picture = reader.session.fetch(index, step=step)
                if not reader.careful and (picture is None or reader.session.met_damage):
                    self._note_damage(picture, index)
                    self._discard(reader)
                    reader = self._borrow()
                    picture = reader.session.fetch(index)
                yield self._rgb(reader, picture, index)
        finally:
            self._give_back(reader)

    def _rgb(self, reader: _Reader, picture: VideoFrame | None, index: int) -> Frame:
        if picture is None:
            self._note(index, "cannot be decoded and is given as black")
            return np.zeros((self.info.height, self.info.width, 3), np.uint8)
        if (picture.width, picture.height) != self._examined.coded_size:
            self._note(index, f"is {picture.width}x{picture.height} and is scaled to the first's")
        return reader.converter.convert(picture)

    def _note_damage(self, picture: VideoFrame | None, index: int) -> None:
        """From now on every stretch is decoded by itself, so that damage always looks the same."""
        self._careful = True
        if picture is not None:
            self._note(index, "or one shortly after it is damaged; pictures near it may be wrong")

    def _note(self, index: int, what: str) -> None:
        with self._lock:
            if index in self._lost:
                return
            self._lost.add(index)
            if len(self._lost) > _NAMED_LOSSES:
                return
            text = f"Frame {index} {what}."
            if len(self._lost) == _NAMED_LOSSES:
                text += " Further ones like it are not named."
            self.info = replace(self.info, warnings=(*self.info.warnings, text))
        _log.warning(text)

    def _borrow(self) -> _Reader:
        with self._lock:
            while self._idle:
                reader = self._idle.pop()
                if reader.careful == self._careful:
                    return reader
                self._all.discard(reader)
                reader.close()
            reader = _Reader(self._examined, careful=self._careful)
            self._all.add(reader)
            return reader

    def _give_back(self, reader: _Reader) -> None:
        with self._lock:
            if reader in self._all:
                self._idle.append(reader)

    def _discard(self, reader: _Reader) -> None:
        with self._lock:
            self._all.discard(reader)
        reader.close()


class _Reader:
    """A running decoder with its own RGB conversion."""

    def __init__(self, examined: Examined, *, careful: bool) -> None:
        width, height = examined.coded_size
        self.careful = careful
        self.session = Session(examined.media, examined.index, careful=careful)
        self.converter = RgbConverter(examined.coloring, examined.turn, width=width, height=height)

    def close(self) -> None:
        self.session.close()
