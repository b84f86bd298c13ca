"""Reads pages in a process of its own: putting the lexicon together takes a second and 100 MB, a page comes from
strangers, and neither may cost the server anything.

Started with the folder of the imported list. Each request is four bytes of length and the page's bytes, each answer
four bytes of length and an `Around` as JSON, or null where there was nothing to read. It ends with its standard input,
or when a page takes longer than `SECONDS`.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import sys
from pathlib import Path

import msgspec

from tawatur.context.around import Around, around
from tawatur.context.lexicon import lexicon
from tawatur.context.lists import BadList, load_list
from tawatur.context.page import NoText, text_of
from tawatur.context.reading import read

LENGTH = struct.Struct("!I")
SECONDS = 20
MOST_TEXT = 200_000
"""Characters that are read of a page; what is round a picture stands in its first ones."""
_MEMORY = 2 << 30


def main() -> None:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    folder = Path(sys.argv[1])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        data = source.read(LENGTH.unpack(head)[0])
        signal.alarm(SECONDS)
        answer = msgspec.json.encode(found(data, folder))
        signal.alarm(0)
        sink.write(LENGTH.pack(len(answer)) + answer)
        sink.flush()


def found(data: bytes, folder: Path) -> Around | None:
    """What a page or a text says; None where there is nothing to read in it."""
    try:
        text = text_of(data)[:MOST_TEXT]
    except NoText:
        return None
    try:
        listed = load_list(folder)
    except BadList:  # told by the command line; here the names that we ship do
        listed = None
    known = lexicon(listed)
    return around(read(text, known), known)


if __name__ == "__main__":
    main()
