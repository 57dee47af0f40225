"""Plays tests/transcripts/imap/*.txt (format: tests/transcripts/README.md) to a real client."""

import glob
import os
import re
import time

from .scripted import Unexpected

FOLDER = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../transcripts/imap"))
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


class Transcript:
    """One file: name, options {key: value}, steps [(kind, bytes, line number)] with kind S, C, T, A, E or X.

    Lines of `S` that follow each other are one step. user, password: what the client is to be given.
    longest_pause: seconds of the longest T line; actions: the A lines.
    """

    def __init__(self, path):
        self.name = os.path.basename(path).removesuffix(".txt")
        self.options, self.steps = {}, []
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                self._read(line.rstrip("\n"), f"{self.name}.txt:{number}")
        self.user = self.options.get("user", "alice")
        self.password = _bytes(self.options.get("password", "pass word")).decode()
        self.actions = [text.decode() for kind, text, _ in self.steps if kind == "A"]
        self.longest_pause = max((_seconds(text) for kind, text, _ in self.steps if kind == "T"), default=0.0)

    @classmethod
    def load(cls, name):
        return cls(os.path.join(FOLDER, name + ".txt"))

    @classmethod
    def all(cls):
        return [cls(path) for path in sorted(glob.glob(os.path.join(FOLDER, "*.txt")))]

    def _read(self, line, where):
        if not line.strip() or line.startswith("#"):
            return
        mark, _, text = line.partition(":")
        text = text.removeprefix(" ")
        if mark == "O":
            key, _, value = text.partition(" ")
            self.options[key] = value
        elif mark in ("S", "S~"):
            data = _literals(text) + (b"\r\n" if mark == "S" else b"")
            if self.steps and self.steps[-1][0] == "S":
                data = self.steps.pop()[1] + data
            self.steps.append(("S", data, where))
        elif mark in ("C", "T", "A", "E", "X"):
            self.steps.append((mark, _bytes(text), where))
        else:
            raise ValueError(f"{where}: no such kind of line: {mark}")

    def play(self, connection, act=None, pieces=0, curl=True):
        """The server's side of the file on a Connection; Unexpected names the line that did not happen.

        act(text)   is called for each A line (to start a wait for `demand on`, say); without it a file
                    that has A lines is refused
        pieces=1    sends byte by byte
        curl=True   before the file: the greeting, and the CAPABILITY that libcurl sends of its own
        """
        if self.actions and act is None:
            raise ValueError(f"{self.name} has A lines: {self.actions}")
        if curl:
            connection.send("* OK IMAP4rev1 ready")
            tag, _, _ = connection.command("CAPABILITY")
            connection.send("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN IDLE")
            connection.ok(tag)
        tags = {}
        for kind, data, where in self.steps:
            if kind == "S":
                connection.send(_with_tags(data, tags), pieces)
            elif kind == "C":
                _expect(connection, data.decode(errors="replace"), tags, where)
            elif kind == "T":
                time.sleep(_seconds(data))
            elif kind == "A":
                act(data.decode())
            elif kind == "X":
                connection.close()


def serve(name, act=None, pieces=0):
    """A behaviour for ScriptedServer: plays that file, then says nothing until the client goes."""
    def behaviour(connection):
        Transcript.load(name).play(connection, act, pieces)
        connection.until_closed()
    return behaviour


def _expect(connection, wanted, tags, where):
    try:
        line = connection.line()
    except EOFError:
        raise Unexpected(f"{where}: the client closed instead of: {wanted}") from None
    script_tag, _, rest = wanted.partition(" ")
    if re.fullmatch(r"A\d+", script_tag) and script_tag not in tags:
        real_tag, _, said = line.partition(" ")
        tags[script_tag] = real_tag
    else:
        rest, said = wanted, line
    if said != rest:
        raise Unexpected(f"{where}: expected {wanted!r}, the client sent {line!r}")


def _with_tags(data, tags):
    """The client's own tags at the beginning of lines, but not inside literals."""
    out, start = b"", 0
    while start < len(data):
        line_end = data.find(b"\r\n", start)
        end = line_end + 2 if line_end >= 0 else len(data)
        line = data[start:end]
        word, space, rest = line.partition(b" ")
        out += tags.get(word.decode(errors="replace"), "").encode() or word
        out += space + rest
        literal = re.search(rb"\{(\d+)\}\r\n\Z", line)
        start = end + int(literal[1]) if literal else end
        out += data[end:start]
    return out


def _bytes(text):
    simple = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}
    out = b""
    for found in re.finditer(r"\\x([0-9A-Fa-f]{2})|\\(.)|([^\\]+)", text):
        out += (bytes([int(found[1], 16)]) if found[1] else simple[found[2]] if found[2]
                else found[3].encode())
    return out


def _literals(text):
    out = b""
    for number, part in enumerate(re.split(r"\{\{(.*?)\}\}", text)):
        data = _bytes(part)
        out += b"{%d}\r\n%b" % (len(data), data) if number % 2 else data
    return out


def _seconds(text):
    found = re.fullmatch(r"(\d+)(ms|s|m)", text.decode())
    return int(found[1]) * _UNITS[found[2]]
