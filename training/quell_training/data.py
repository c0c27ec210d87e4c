"""Fetches a public set from its home and lays it out for `--data`.

What is fetched goes on where it stopped, is held against its checksum where one is published, and only then
taken apart. `sets.json` is the table of the sets.
"""

import argparse
import fnmatch
import hashlib
import http.client
import json
import os
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tqdm import tqdm

SETS = json.loads((Path(__file__).parent / "sets.json").read_text())
#: Attempts in a row that bring nothing before a fetch is given up, and the wait before the first of them, which
#: doubles; any byte that arrives starts the count anew.
N_ATTEMPTS, FIRST_WAIT_S, TIMEOUT_S = 6, 1.0, 60.0
CHUNK_LEN = 1 << 20
#: Folder inside the target for what is under way and what has been done.
WORK = ".sets"
AGENT = {"User-Agent": "quell-training"}


class DataError(Exception):
    """What went wrong, and what to do."""


def run(arguments: argparse.Namespace) -> None:
    """Fetches one set, or lists them."""
    if not arguments.name:
        print("\n\n".join(describe(name) for name in SETS))
        return
    try:
        fetch_set(arguments.name, SETS[arguments.name], Path(arguments.to), arguments)
    except DataError as error:
        raise SystemExit(f"error: {error}") from None


def describe(name: str) -> str:
    """What a set is, and its licence."""
    entry = SETS[name]
    return f"{name}: {entry['title']}\n  home:    {entry['home']}\n  licence: {entry['licence']}\n  {entry['note']}"


def fetch_set(name: str, entry: dict, folder: Path, arguments: argparse.Namespace) -> None:
    """Every file of a set, fetched, checked and laid out; what is done already is left alone."""
    print(describe(name) if name in SETS else entry["title"])
    if not arguments.accept and not _says_yes():
        raise DataError(f"{name} comes under the licence above: read it at {entry['home']}, then give --accept")
    work = folder / WORK / name
    work.mkdir(parents=True, exist_ok=True)
    files = [file for file in entry["files"] if arguments.only in file["url"]]
    if not files:
        raise DataError(f"no file of {name} has {arguments.only!r} in its address")
    (folder / WORK / f"{name}.txt").write_text(f"{entry['title']}\n{entry['home']}\n{entry['licence']}\n")
    published = _published(entry)
    for file in files:
        _fetch_file(file, published, entry, folder, work, arguments.keep)


def _says_yes() -> bool:
    if not os.isatty(0):
        return False
    return input("Do you accept this licence? [y/N] ").strip().lower() in ("y", "yes")


def _published(entry: dict) -> dict[str, str]:
    """MD5 by file name, from the record of a set that has one."""
    if "record" not in entry:
        return {}
    try:
        with _open(entry["record"], {}) as answer:
            record = json.load(answer)
        return {file["key"]: file["checksum"].removeprefix("md5:") for file in record["files"]}
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"no checksums from {entry['record']} ({error}): files without one of their own go unchecked")
        return {}


def _fetch_file(file: dict, published: dict[str, str], entry: dict, folder: Path, work: Path, keep: bool) -> None:
    url = file["url"]
    name = file.get("name") or PurePosixPath(url).name
    done = work / f"{name}.done"
    if done.exists():
        print(f"{name}: done before")
        return
    archive = work / name
    if not archive.exists():
        download(url, archive)
    check(archive, file.get("md5") or published.get(name), url)
    n_files = lay_out(archive, entry["lay_out"], entry.get("leave_out", []), folder)
    if n_files == 0:
        rules = ", ".join(entry["lay_out"])
        raise DataError(f"{archive} holds nothing of {rules}: the set has changed at its home, {entry['home']}")
    print(f"{name}: {n_files} recordings laid out")
    done.write_text(f"{n_files}\n")
    if not keep:
        archive.unlink()


# ---- 1. Fetching ------------------------------------------------------------------------------


def _open(url: str, headers: dict[str, str]):
    return urllib.request.urlopen(urllib.request.Request(url, headers=AGENT | headers), timeout=TIMEOUT_S)


def download(url: str, path: Path) -> None:
    """Fetches `url` to `path`, from where an earlier attempt stopped."""
    partial, n_failed = path.with_name(path.name + ".partial"), 0
    while True:
        before = _size(partial)
        try:
            _download_rest(url, partial)
            os.replace(partial, path)
            return
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in (408, 429):
                raise DataError(f"{url} answers {error.code}: look at the set's home whether it has moved") from None
            reason = error
        except (http.client.HTTPException, OSError) as error:
            reason = error
        n_failed = 1 if _size(partial) > before else n_failed + 1
        if n_failed >= N_ATTEMPTS:
            raise DataError(f"{url}: {reason}; {_size(partial)} bytes are kept: run the same command again to go on")
        time.sleep(FIRST_WAIT_S * 2.0 ** (n_failed - 1))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _download_rest(url: str, partial: Path) -> None:
    """Appends what is missing, or starts anew where the server cannot go on or has another file by now."""
    tag, n_have = partial.with_name(partial.name + ".tag"), _size(partial)
    headers = {"Range": f"bytes={n_have}-"} if n_have else {}
    if n_have and tag.exists():
        headers["If-Range"] = tag.read_text()
    try:
        answer = _open(url, headers)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        # All of it is here, or more than there is: the checksum tells.
        if _whole_length(error.headers) == n_have:
            return
        partial.unlink()
        return _download_rest(url, partial)
    with answer:
        goes_on = answer.status == 206
        n_have = n_have if goes_on else 0
        n_whole = _whole_length(answer.headers) if goes_on else _length(answer.headers)
        _check_room(partial, (n_whole or 0) - n_have)
        _remember(tag, answer.headers)
        with open(partial, "ab" if goes_on else "wb") as out:
            with tqdm(total=n_whole, initial=n_have, unit="B", unit_scale=True, desc=partial.stem, mininterval=1.0) as bar:
                while chunk := answer.read(CHUNK_LEN):
                    out.write(chunk)
                    bar.update(len(chunk))
    if n_whole is not None and _size(partial) != n_whole:
        raise ConnectionError(f"ended after {_size(partial)} of {n_whole} bytes")
    tag.unlink(missing_ok=True)


def _remember(tag: Path, headers) -> None:
    """A strong tag of the file as it is now: going on with another file would make a wrong one of two."""
    text = headers.get("ETag")
    if text and not text.startswith("W/"):
        tag.write_text(text)
    else:
        tag.unlink(missing_ok=True)


def _length(headers) -> int | None:
    text = headers.get("Content-Length")
    return int(text) if text and text.isdigit() else None


def _whole_length(headers) -> int | None:
    text = (headers.get("Content-Range") or "").rpartition("/")[2]
    return int(text) if text.isdigit() else None


def _check_room(path: Path, n_missing: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if n_missing > free:
        sizes = f"{free / 1e9:.1f} GB left, and {n_missing / 1e9:.1f} GB are missing"
        raise DataError(f"{path.parent} has {sizes}: choose another --to")


def check(archive: Path, md5: str | None, url: str) -> None:
    """Holds a file against its checksum; a wrong one is removed, so that the next run fetches it anew."""
    actual = hashlib.md5(usedforsecurity=False)
    with open(archive, "rb") as file:
        while chunk := file.read(CHUNK_LEN):
            actual.update(chunk)
    if md5 is None:
        print(f"{archive.name}: no checksum is published; its MD5 is {actual.hexdigest()}")
    elif actual.hexdigest() != md5:
        archive.unlink()
        raise DataError(
            f"{archive.name} from {url} has the MD5 {actual.hexdigest()}, expected {md5}: it was removed; run again, "
            "and if it stays so, the set has changed at its home"
        )


# ---- 2. Laying out ----------------------------------------------------------------------------


def lay_out(archive: Path, rules: dict[str, str], leave_out: list[str], folder: Path) -> int:
    """Writes the members that a rule names to its folder; returns how many there are."""
    n_files = 0
    try:
        for member, read in _members(archive):
            target = _target(member, rules, leave_out)
            if target is None:
                continue
            n_files += 1
            _write(folder / target, read)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        archive.unlink()
        raise DataError(f"{archive.name} is broken ({error}): it was removed; run again") from None
    return n_files


def _members(archive: Path) -> Iterator[tuple[str, object]]:
    """Name and a function that opens it, of each file in an archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if not info.is_dir():
                    yield info.filename, lambda info=info: opened.open(info)
        return
    with tarfile.open(archive) as opened:
        for info in opened:
            if info.isfile():
                yield info.name, lambda info=info: opened.extractfile(info)


def _target(member: str, rules: dict[str, str], leave_out: list[str]) -> Path | None:
    """Where a member goes; nowhere if no rule names it, or if it would leave the folder."""
    parts = PurePosixPath(member).parts
    if ".." in parts or any(part.startswith((".", "__MACOSX")) for part in parts) or PurePosixPath(member).is_absolute():
        return None
    if any(fnmatch.fnmatch(member, pattern) for pattern in leave_out):
        return None
    for pattern, to in rules.items():
        if fnmatch.fnmatch(member, pattern):
            # The folder next to the file keeps recordings of the same name apart.
            return Path(to, *parts[-2:])
    return None


def _write(path: Path, read) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with read() as source, open(partial, "wb") as out:
        shutil.copyfileobj(source, out, CHUNK_LEN)
    os.replace(partial, path)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", choices=SETS, help="the set; all are listed if none is named")
    parser.add_argument("--to", default="data", help="folder that is given to --data afterwards")
    parser.add_argument("--accept", action="store_true", help="you have read the licence and accept it")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the files that have this in their address")
    parser.add_argument("--keep", action="store_true", help="keep the archives")
