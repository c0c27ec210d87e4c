"""Tables of scores in a Markdown file, each between two comments that carry its name, with the command that
measured it.

    <!-- results: NAME -->
    ...
    <!-- end of results: NAME -->
"""

import datetime
import os
import re
import shlex
import sys
from pathlib import Path

#: Measures that are told, with their heading and decimals.
COLUMNS = dict(
    pesq_wb=("PESQ-WB", 3),
    stoi=("STOI", 3),
    estoi=("ESTOI", 3),
    si_sdr_db=("SI-SDR dB", 1),
    si_sdr_gain_db=("gain dB", 1),
    segmental_snr_db=("segSNR dB", 1),
    lsd_db=("LSD dB", 1),
)
_MARK = re.compile(r"<!-- results: (.+?) -->\n(.*?)<!-- end of results: \1 -->", re.DOTALL)


def require_section(path: Path, name: str) -> None:
    """Says what is wrong before anything is measured."""
    if not path.is_file():
        raise SystemExit(f"there is no file '{path}' to write results to")
    if not os.access(path, os.W_OK):
        raise SystemExit(f"'{path}' cannot be written")
    names = [match[1] for match in _MARK.finditer(path.read_text(encoding="utf-8"))]
    if names.count(name) != 1:
        there = ", ".join(names) or "none"
        raise SystemExit(f"'{path}' holds {names.count(name)} sections '{name}', not one; it has: {there}")


def replace_section(path: Path, name: str, body: str) -> None:
    """Puts `body` where the section stood; the rest of the file stays as it is."""
    require_section(path, name)
    marked = f"<!-- results: {name} -->\n{body.rstrip()}\n<!-- end of results: {name} -->"
    text = path.read_text(encoding="utf-8")
    draft = path.with_suffix(path.suffix + ".part")
    draft.write_text(_MARK.sub(lambda match: marked if match[1] == name else match[0], text), encoding="utf-8")
    draft.replace(path)


def measured(table: dict[str, dict[str, float]], note: str | None) -> str:
    """The body of a section: when, what and how, then a line a row of `table`."""
    said = f"Measured {datetime.date.today()}{f', {note}' if note else ''}:"
    command = shlex.join(["python", "-m", "quell_training", *sys.argv[1:]])
    heads = [head for head, _ in COLUMNS.values()]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name, values in table.items():
        cells = (f"{values[key]:.{decimals}f}" for key, (_, decimals) in COLUMNS.items())
        lines.append(f"| {name} ({values['n']}) | " + " | ".join(cells) + " |")
    return f"{said}\n\n```\n{command}\n```\n\n" + "\n".join(lines) + "\n"
