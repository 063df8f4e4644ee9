"""What does `glassnic report` do? Makes one self-contained HTML page of a capture: lanes, list, and each frame's story.

Style and script of `page/` stand in the page and may load nothing: its content security policy names their digests, so
that no text of a capture can become script either. The data are compressed. (Not of the manual: ours.)
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import re
import sys
import zlib
from importlib.resources import files
from pathlib import Path

from glassnic import __version__
from glassnic.xray.command import entries
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.report_data import MOST_BYTES, MOST_FRAMES, Content, collect

PAGE = files("glassnic.xray") / "page"
SCRIPTS = (
    "base.js",
    "data.js",
    "state.js",
    "list.js",
    "place.js",
    "lanes.js",
    "touch.js",
    "octets.js",
    "frame.js",
    "main.js",
)
LIMITS = f"at most {MOST_FRAMES:,} frames and {MOST_BYTES >> 20} MB of their bytes"
RANGE = re.compile(r"(\d+)(?:-(\d*))?")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `glassnic report`."""
    parser.description = f"""\
Make one HTML page of a capture that the card made (`serve --pcapng`, `demo --pcapng`): the two contexts over time with
each load, the ring, every frame tied to the context it used, findings in red, and for each frame its descriptors,
context, annotated bytes and sentences. The page loads nothing from anywhere, so it can be mailed. It holds {LIMITS};
what it leaves out it says."""
    parser.add_argument("file", metavar="FILE", help="a capture made with --pcapng")
    parser.add_argument("-o", "--output", metavar="PAGE", help="the page to write (default: FILE with .html)")
    parser.add_argument(
        "--frames", metavar="A-B", default="1-", help="only frames A to B, numbered as in Wireshark; A- to the end"
    )


def run(args: argparse.Namespace) -> int:
    """Read, write, say where; the exit status."""
    source = Path(args.file)
    target = Path(args.output) if args.output else source.with_suffix(".html")
    try:
        content = collect(entries(args.file), source.name, _span(args.frames))
        if not content.table["count"]:
            wanted = (
                "" if args.frames == "1-" else f" in {args.frames}; it has {content.table['frames_in_file']} in all"
            )
            raise CaptureError(f"{source} has no frames{wanted}")
        _write(target, source, page(content))
    except CaptureError as error:
        print(f"glassnic: {error}", file=sys.stderr)
        return 1
    print(_said(target, content))
    return 0


def page(content: Content) -> str:
    """The page as one text."""
    style, script = _read("page.css"), "\n".join(map(_read, SCRIPTS))
    policy = (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    table = json.dumps(content.table, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    parts = {
        "policy": policy,
        "title": html.escape(f"{content.table['file']} · glassnic"),
        "version": html.escape(__version__),
        "style": style,
        "script": script,
        "table": _packed(table),
        "words": _packed(content.words),
        "octets": _packed(content.octets),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("page.html"))


def _read(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a content security policy calls a text that may stand in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 6)).decode()


def _span(text: str) -> tuple[int, int]:
    """First and last frame, 0 for the file's end. Raises CaptureError."""
    match = RANGE.fullmatch(text)
    if match is None:
        raise CaptureError(f"{text!r} is no range of frames: write --frames 1000-2000, or 1000- to the end")
    first = int(match[1])
    last = first if match[2] is None else int(match[2] or 0)
    return first, last


def _write(target: Path, source: Path, text: str) -> None:
    if target.exists() and source.exists() and target.samefile(source):
        raise CaptureError(f"{target} is the capture itself: name the page with -o")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaptureError(f"cannot write {target}: {error.strerror}; name another place with -o") from error


def _said(target: Path, content: Content) -> str:
    """What was made, and what was left out."""
    table = content.table
    found = sum(map(bool, table["columns"]["severity"]))
    size = f"{target.stat().st_size / 1e6:.1f} MB"
    frames = "1 frame" if table["count"] == 1 else f"{table['count']:,} frames"
    words = [f"{target}: {frames}, {found:,} with findings, {size}; open it in a browser"]
    if table["count"] == MOST_FRAMES < table["frames_in_file"]:
        words.append(f"The file has {table['frames_in_file']:,} frames: choose others with --frames A-B.")
    if table["kept_bytes"]:
        words.append(f"Of each frame the first {table['kept_bytes']} bytes are in the page.")
    return "\n".join(words)
