"""Fetching from a server of its own: what is cut off goes on, what is wrong is named and not kept."""

import argparse
import hashlib
import http.server
import io
import json
import tarfile
import threading
import zipfile

import pytest

from quell_training import data
from quell_training.data import DataError

SOUND = bytes(range(256)) * 400


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; cuts the next answers off after `cuts` bytes; notes what was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.asked: list[tuple[str, str | None]] = []
        self.knows_ranges = True

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, name = self.server, self.path.lstrip("/")
        server.asked.append((name, self.headers.get("Range")))
        if name not in server.files:
            return self.send_error(404)
        body = server.files[name]
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        first, wanted = 0, self.headers.get("Range")
        if wanted and server.knows_ranges and self.headers.get("If-Range", tag) == tag:
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
            if first >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        last = first + server.cuts.pop(0) if server.cuts else len(body)
        self.wfile.write(body[first:last])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(data, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(data, "CHUNK_LEN", 1_000)
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".wav", content)
    return out.getvalue()


def a_set(server, name: str, **more) -> dict:
    file = dict(url=server.url(name), md5=hashlib.md5(server.files[name]).hexdigest())
    entry = dict(title="A set", home="http://home", licence="CC0", note="", files=[file], lay_out={"*.wav": "speech/a"})
    return entry | more


def asked(**more) -> argparse.Namespace:
    return argparse.Namespace(**(dict(accept=True, only="", keep=False) | more))


def test_what_is_cut_off_goes_on_where_it_stopped(server, tmp_path):
    server.files["a.bin"], server.cuts = SOUND, [30_000, 20_500]
    data.download(server.url("a.bin"), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == SOUND
    assert [wanted for _, wanted in server.asked] == [None, "bytes=30000-", "bytes=50500-"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_later_run_goes_on_and_all_that_is_there_is_not_fetched_again(server, tmp_path, monkeypatch):
    server.files["a.bin"], server.cuts = SOUND, [40_000, 0]
    monkeypatch.setattr(data, "N_ATTEMPTS", 2)
    with pytest.raises(DataError, match="40000 bytes are kept"):
        data.download(server.url("a.bin"), tmp_path / "a.bin")
    data.download(server.url("a.bin"), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == SOUND and server.asked[-1][1] == "bytes=40000-"
    (tmp_path / "a.bin").rename(tmp_path / "a.bin.partial")
    data.download(server.url("a.bin"), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == SOUND


@pytest.mark.parametrize("knows_ranges", [False, True])
def test_another_file_or_a_server_without_ranges_starts_anew(server, tmp_path, monkeypatch, knows_ranges):
    server.files["a.bin"], server.cuts = SOUND, [40_000]
    monkeypatch.setattr(data, "N_ATTEMPTS", 1)
    with pytest.raises(DataError):
        data.download(server.url("a.bin"), tmp_path / "a.bin")
    server.knows_ranges = knows_ranges
    if knows_ranges:
        server.files["a.bin"] = SOUND[::-1]
    data.download(server.url("a.bin"), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == server.files["a.bin"]


def test_a_missing_file_is_named(server, tmp_path):
    with pytest.raises(DataError, match="none.zip answers 404"):
        data.download(server.url("none.zip"), tmp_path / "none.zip")
    assert len(server.asked) == 1, "asking again would not help"


def test_a_set_is_laid_out_once(server, tmp_path):
    server.files["a.zip"] = zipped(train__p226_1=SOUND, train__p232_1=b"test", other__readme=b"x")
    entry = a_set(server, "a.zip", lay_out={"train/*.wav": "speech/a"}, leave_out=["*p232_*"])
    data.fetch_set("a", entry, tmp_path, asked())
    laid_out = [path for path in tmp_path.rglob("*") if path.is_file() and ".sets" not in path.parts]
    assert laid_out == [tmp_path / "speech/a/train/p226_1.wav"] and laid_out[0].read_bytes() == SOUND
    assert not list(tmp_path.rglob("*.zip")), "the archive is not kept"
    assert "CC0" in (tmp_path / ".sets/a.txt").read_text()
    n_asked = len(server.asked)
    data.fetch_set("a", entry, tmp_path, asked())
    assert len(server.asked) == n_asked


def test_a_tar_is_laid_out_and_nothing_leaves_the_folder(server, tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:bz2") as archive:
        for name in ("noise/one.wav", "../evil.wav", "/evil.wav", "noise/._one.wav"):
            info = tarfile.TarInfo(name)
            info.size = len(SOUND)
            archive.addfile(info, io.BytesIO(SOUND))
    server.files["a.tar.bz2"] = out.getvalue()
    data.fetch_set("a", a_set(server, "a.tar.bz2"), tmp_path / "to", asked(keep=True))
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["one.wav"]
    assert (tmp_path / "to/.sets/a/a.tar.bz2").exists()


def test_a_wrong_checksum_is_named_and_not_kept(server, tmp_path):
    server.files["a.zip"] = zipped(train__a=SOUND)
    entry = a_set(server, "a.zip")
    entry["files"][0]["md5"] = "0" * 32
    with pytest.raises(DataError, match="expected 00000000000000000000000000000000"):
        data.fetch_set("a", entry, tmp_path, asked())
    assert not list(tmp_path.rglob("*.zip")) and not list(tmp_path.rglob("*.wav"))


def test_checksums_come_from_the_record(server, tmp_path, capsys):
    server.files["a.zip"] = zipped(train__a=SOUND)
    record = dict(files=[dict(key="a.zip", checksum="md5:" + "0" * 32)])
    server.files["record"] = json.dumps(record).encode()
    entry = a_set(server, "a.zip", files=[dict(url=server.url("a.zip"))], record=server.url("record"))
    with pytest.raises(DataError, match="expected 0000"):
        data.fetch_set("a", entry, tmp_path, asked())
    data.fetch_set("a", entry | dict(record=server.url("gone")), tmp_path, asked())
    assert "no checksum is published; its MD5 is " + hashlib.md5(server.files["a.zip"]).hexdigest() in capsys.readouterr().out


def test_a_broken_archive_and_one_without_recordings_are_named(server, tmp_path):
    whole = zipped(train__a=SOUND)
    server.files["a.zip"] = whole[:200] + b"x" + whole[201:]
    with pytest.raises(DataError, match="a.zip is broken"):
        data.fetch_set("a", a_set(server, "a.zip"), tmp_path, asked())
    server.files["b.zip"] = whole
    with pytest.raises(DataError, match="nothing of"):
        data.fetch_set("b", a_set(server, "b.zip", lay_out={"*.flac": "speech"}), tmp_path, asked())


def test_nothing_is_fetched_before_the_licence_is_accepted(server, tmp_path, capsys):
    server.files["a.zip"] = zipped(train__a=SOUND)
    with pytest.raises(DataError, match="--accept"):
        data.fetch_set("a", a_set(server, "a.zip"), tmp_path, asked(accept=False))
    assert not server.asked and not list(tmp_path.iterdir())


def test_a_full_disk_is_named_before_anything_is_written(server, tmp_path, monkeypatch):
    server.files["a.bin"] = SOUND
    monkeypatch.setattr(data.shutil, "disk_usage", lambda path: argparse.Namespace(free=1_000))
    with pytest.raises(DataError, match="GB left"):
        data.download(server.url("a.bin"), tmp_path / "a.bin")
    assert not list(tmp_path.glob("a.bin*"))


def test_the_table_of_sets_is_whole():
    roles = ("speech/", "noise/", "music/", "rir/")
    for name, entry in data.SETS.items():
        assert {"title", "home", "licence", "note", "files", "lay_out"} <= set(entry), name
        assert all(to.startswith(roles) for to in entry["lay_out"].values()), name
        names = [file.get("name") or file["url"].rpartition("/")[2] for file in entry["files"]]
        assert len(set(names)) == len(names) and all(file["url"].startswith("https://") for file in entry["files"]), name
        assert all(len(file.get("md5", "0" * 32)) == 32 for file in entry["files"]), name
        assert entry["licence"] in data.describe(name)
