from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from lightfast import ConfigurationError
from lightfast.cli import env_files
from lightfast.cli.env_files import read_env_files
from tests.waiting import PATIENCE

NAME = "LIGHTFAST_API_KEY"


def read(directory: Path) -> dict[str, dict[str, str | None]]:
    return {name: dict(variables) for name, variables in read_env_files(directory).items()}


def test_nothing_is_expanded_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    for written in ("sk-lf-${AWS_SECRET_ACCESS_KEY}", "sk-lf-$AWS_SECRET_ACCESS_KEY", "${A:-b}"):
        (tmp_path / ".env").write_text(f'A={written}\nB="{written}"\n')
        assert read(tmp_path) == {".env": {"A": written, "B": written}}


def test_a_missing_file_is_left_out(tmp_path):
    assert read(tmp_path) == {}
    assert read(tmp_path / "nowhere") == {}


def test_a_directory_of_that_name_is_not_a_file_of_variables(tmp_path):
    (tmp_path / ".env").mkdir()
    assert read(tmp_path) == {}


def test_a_link_out_of_the_directory_is_not_followed_and_a_note_says_so(tmp_path, capsys):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".env").write_text(f"{NAME}=sk-lf-other")
    here = tmp_path / "inside-only"
    here.mkdir()
    (here / ".env").symlink_to("../other/.env")
    (here / "loop").symlink_to("loop")
    (here / ".env.local").symlink_to("loop")
    assert read(here) == {}
    assert ".env was not read" in capsys.readouterr().err


def test_a_link_through_a_linked_directory_is_not_followed_either(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "vars").write_text(f"{NAME}=sk-lf-other")
    here = tmp_path / "inside-only"
    here.mkdir()
    (here / "inside").symlink_to("../other")
    (here / ".env").symlink_to("inside/vars")
    assert read(here) == {}


def test_a_link_inside_the_directory_is_followed(tmp_path):
    (tmp_path / ".env.shared").write_text(f"{NAME}=sk-lf-x")
    (tmp_path / ".env").symlink_to(".env.shared")
    linked = tmp_path.with_name(f"{tmp_path.name}-link")
    linked.symlink_to(tmp_path)
    assert read(linked) == read(tmp_path) == {".env": {NAME: "sk-lf-x"}}


def fill(path: Path, *chunks: bytes) -> threading.Thread:
    """Write to a pipe from a thread, as a password manager does."""

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for chunk in chunks:
                pipe.write(chunk)
                time.sleep(0.05)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def test_a_pipe_is_read_to_its_end(tmp_path):
    os.mkfifo(tmp_path / ".env")
    writer = fill(tmp_path / ".env", b"LIGHTFAST_API", b"_KEY=sk-lf-x\n", b"B=1\n")
    assert read(tmp_path) == {".env": {NAME: "sk-lf-x", "B": "1"}}
    writer.join(PATIENCE)


def test_a_silent_pipe_is_given_up_and_announced_before(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(env_files, "PIPE_TIMEOUT", 0.1)
    monkeypatch.setattr(env_files, "_PATIENCE", 0.05)
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(ConfigurationError, match=r"Cannot read \.env: nothing was written"):
        read(tmp_path)
    assert "Waiting for .env, which is a pipe" in capsys.readouterr().err


def test_a_pipe_that_is_held_open_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(env_files, "PIPE_TIMEOUT", 0.1)
    os.mkfifo(tmp_path / ".env")
    held = os.open(tmp_path / ".env", os.O_RDWR)
    os.write(held, b"A=1\n")
    try:
        with pytest.raises(ConfigurationError, match="Cannot read"):
            read(tmp_path)
    finally:
        os.close(held)


def test_a_pipe_without_end_is_refused_by_its_size(tmp_path):
    os.mkfifo(tmp_path / ".env")
    held = os.open(tmp_path / ".env", os.O_RDWR)

    def pour() -> None:
        for _ in range(64):
            os.write(held, b"#" * 4096)

    writer = threading.Thread(target=pour, daemon=True)
    writer.start()
    try:
        with pytest.raises(ConfigurationError, match="larger than"):
            read(tmp_path)
    finally:
        descriptor = os.open(tmp_path / ".env", os.O_RDONLY | os.O_NONBLOCK)
        while writer.is_alive():  # let the writer finish
            try:
                os.read(descriptor, 65536)
            except BlockingIOError:
                time.sleep(0.01)
        os.close(descriptor)
        os.close(held)


def test_a_huge_file_is_refused(tmp_path):
    (tmp_path / ".env").write_bytes(b"#" * (env_files.MAX_BYTES + 1))
    with pytest.raises(ConfigurationError, match=r"\.env: it is larger than 65,536 bytes"):
        read(tmp_path)


def test_a_socket_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(".env")
        with pytest.raises(ConfigurationError, match=r"Cannot read \.env"):
            read(tmp_path)


def test_a_file_that_is_not_text_is_named(tmp_path):
    (tmp_path / ".env.local").write_bytes(b"LIGHTFAST_API_KEY=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"Cannot read \.env\.local"):
        read(tmp_path)


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfLIGHTFAST_API_KEY=sk-lf-x\r\n")
    assert read(tmp_path) == {".env": {NAME: "sk-lf-x"}}


def test_however_many_lines_are_malformed_one_note_says_so(tmp_path, capsys):
    (tmp_path / ".env").write_text("A=1\n" + "=\n" * 1000 + "B=2\n")
    assert read(tmp_path) == {".env": {"A": "1", "B": "2"}}
    assert capsys.readouterr().err == ".env: line 2 is not NAME=value and was ignored.\n"
