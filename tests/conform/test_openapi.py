"""An OpenAPI document is read however it was saved; one that cannot be used is named, with what is wrong in it."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest

from eventproof.conform.openapi import published
from eventproof.errors import UsageError
from tests.hostile.server import BEHAVIOURS, running

HEAD = 'openapi: 3.1.0\ninfo: {title: t, version: "1"}\n'
GOOD = HEAD + "paths: {/é: {get: {responses: {200: {description: no}}}}}\n"
LETTERS = "abcdefghijkl"
BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise(LETTERS))
MERGED = "a: &a {k: v, l: w}\n" + "".join(
    f"{b}: &{b} {{<<: [{', '.join([f'*{a}'] * 9)}]}}\n" for a, b in pairwise(LETTERS)
)


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        b"\xfe\xff" + GOOD.encode("utf-16-be"),
        GOOD.encode("utf-32"),
        GOOD.replace("\n", "\r\n").encode(),
        json.dumps(
            {"openapi": "3.1.0", "paths": {"/é": {"get": {"responses": {"200": {"description": "no"}}}}}}, indent="\t"
        ).encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "utf-16-be", "utf-32", "crlf", "json-with-tabs"],
)
def test_a_document_is_read_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "o.yaml"
    path.write_bytes(content)
    document = published(str(path))
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/é"]["get"]["responses"] == {"200": {"description": "no"}}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (HEAD + "paths: []\n", "its paths are no table"),
        (HEAD, "it has no paths"),
        (HEAD + "? [1, 2]\n: 3\npaths: {}\n", "a key must be a text"),
        ("paths: {}\n", "it does not say its version"),
        ("openapi: 3\npaths: {}\n", "it does not say its version"),
        (HEAD + "paths: {}\n" + BOMB, "it holds more than 1000000 values"),
        (HEAD + "paths: {}\n" + MERGED, "it holds too many values"),
        (HEAD + "paths: {}\nx: &x [*x]\n", "it holds more than 1000000 values"),
        (HEAD + "paths: {}\nx: " + "[" * 3_000 + "]" * 3_000, "it is nested too deep"),
        ("[" * 100_000, "it is nested too deep"),
        (HEAD + "paths: {/a: {$ref: './a.yaml'}}\n", "it refers to ./a.yaml, which is outside of it"),
        (HEAD + "paths: {/a: {$ref: 'http://127.0.0.1:9/a#/b'}}\n", "which is outside of it"),
        ("<!doctype html><title>x</title>", "it is no table"),
        ("", "it is no table"),
        ("\0", "cannot be read"),
        ("a: !!python/object:os.system {}", "cannot be read"),
    ],
)
def test_a_document_that_cannot_be_used_is_named(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=f"{re.escape(str(path))}.*{re.escape(sentence)}"):
        published(str(path))


def test_a_reference_in_an_example_or_to_an_id_within_is_none_to_another_file(tmp_path: Path) -> None:
    path = tmp_path / "o.yaml"
    path.write_text(
        HEAD + "paths: {}\ncomponents:\n  examples: {a: {value: {$ref: b.yaml}}}\n"
        "  schemas: {b: {$id: 'user.json'}, c: {$ref: 'user.json#/x'}, d: {$ref: '#/components/schemas/b'}}\n"
    )
    assert published(str(path))["openapi"] == "3.1.0"


def test_a_file_that_is_not_text_a_folder_and_one_without_end_are_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(HEAD.encode() + b"x: \xe9\npaths: {}")
    for place, sentence in ((str(latin), "it is no utf-8"), (str(tmp_path), "cannot be read"), ("/dev/zero", "16 MB")):
        with pytest.raises(UsageError, match=sentence):
            published(place)


class _Site(BaseHTTPRequestHandler):
    """Two documents, one behind a redirect."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Authorization", ""))
        moved = self.path == "/old"
        self.send_response(301 if moved else 200 if self.path == "/new" else 404)
        if moved:
            self.send_header("Location", "/new")
        self.end_headers()
        if self.path == "/new":
            self.wfile.write(GOOD.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_a_document_is_fetched_through_redirects_and_what_answers_otherwise_is_named() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{site.server_port}"
        assert published(f"{url}/old")["openapi"] == "3.1.0"
        with pytest.raises(UsageError, match=rf"{url}/lost cannot be read: it was answered with 404"):
            published(f"{url}/lost")
        site.shutdown()
    with pytest.raises(UsageError, match=r"cannot be read: .* cannot be reached"):
        published(f"{url}/new")


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("flooding_body", "more than 16 MB"),
        ("bombing", "more than 16 MB"),
        ("redirecting", "it was answered with 302"),
        ("page", "it is no table"),
        ("babbling", "is no HTTP"),
        ("closing", "broke off"),
    ],
)
def test_a_hostile_place_of_a_document_is_named(behaviour: str, sentence: str) -> None:
    with running(BEHAVIOURS[behaviour]) as server, pytest.raises(UsageError, match=sentence):
        published(f"{server.url}/openapi.json")
