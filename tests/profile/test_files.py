"""Files that a person gives, a little off: read where their meaning is plain, else named with what to do."""

import os
from pathlib import Path

import pytest

from eventproof import catalog as contracts
from eventproof import profile, textfile
from eventproof.errors import UsageError
from eventproof.target import Target

CATALOG = contracts.load()
TOML = 'base_url = "http://127.0.0.1:9"\nsystems = ["user-state"]\n[identities]\nfile = "c.ndjson"\n'
PEOPLE = '{"email":"a@example.com","password":"pw","role":"admin"}\n{"email":"u@example.com","password":"pw"}\n'


def load(folder: Path, toml: bytes = TOML.encode(), people: bytes = PEOPLE.encode()) -> Target:
    (folder / "p.toml").write_bytes(toml)
    (folder / "c.ndjson").write_bytes(people)
    return profile.load(folder / "p.toml", env={}, catalog=CATALOG)


def test_a_bom_is_no_part_of_a_file(tmp_path: Path) -> None:
    bom = b"\xef\xbb\xbf"
    target = load(tmp_path, bom + TOML.encode(), bom + PEOPLE.encode())
    assert target.admins[0].email == "a@example.com"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\n\n"])
def test_lines_may_end_as_on_windows(tmp_path: Path, end: str) -> None:
    target = load(tmp_path, TOML.replace("\n", end).encode(), PEOPLE.replace("\n", end).encode())
    assert len(target.users) == 1


@pytest.mark.parametrize("letter", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "${HOME}"])
def test_a_password_may_hold_what_elsewhere_ends_a_line(tmp_path: Path, letter: str) -> None:
    written = letter if letter.isprintable() or letter > "\x7f" else f"\\u{ord(letter):04x}"
    target = load(tmp_path, people=PEOPLE.replace("pw", f"p{written}w").encode())
    assert target.users[0].password == f"p{letter}w"


def test_what_is_null_in_a_line_of_credentials_is_not_given(tmp_path: Path) -> None:
    target = load(tmp_path, people=b'{"email":"u@example.com","password":"pw","tier":null,"id":null,"token":null}')
    assert (target.users[0].tier, target.users[0].id) == (None, None)


@pytest.mark.parametrize("file", ["p.toml", "c.ndjson"])
@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("utf-16", "is written in UTF-16; save it as UTF-8"),
        ("utf-16-le", "it holds NUL bytes; save it as UTF-8"),
        ("utf-32", "is written in UTF-32; save it as UTF-8"),
        ("latin-1", ":2: .* is not UTF-8 text, since it holds the byte 0xe9"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, file: str, encoding: str, sentence: str) -> None:
    texts = {"p.toml": TOML + "# é\n", "c.ndjson": PEOPLE.replace("u@", "é@")}
    if file == "p.toml":
        texts[file] = texts[file].replace("systems", "# é\nsystems", 1)
    contents = {name: text.encode(encoding if name == file else "utf-8") for name, text in texts.items()}
    with pytest.raises(UsageError, match=rf"{file}.*{sentence}"):
        load(tmp_path, contents["p.toml"], contents["c.ndjson"])


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (b"", '"base_url" is missing'),
        (b"# nothing\n", '"base_url" is missing'),
        (b"a = " + b"[" * 5000, "is nested too deep to be read|is not TOML"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "is nested too deep to be read|unknown key"),
        (b"a = " + b"{b=" * 3000 + b"1" + b"}" * 3000, "is nested too deep to be read|unknown key"),
        (b"[" + b".".join([b"a"] * 3000) + b"]\n", '"base_url" is missing'),
        (b"base_url = 1\n" + b"a" * 20, "is not TOML"),
    ],
)
def test_a_strange_profile_is_told_in_one_sentence(tmp_path: Path, toml: bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=rf"p\.toml.*({sentence})"):
        load(tmp_path, toml)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("[" * 100_000, "must be a JSON object"),
        ('{"id": ' + "9" * 5000 + "}", "must be a JSON object"),
        ('{"id": "a\\u0000b"}', "a control character"),
        ('{"id": "\\ud800"}', "half a surrogate pair"),
        ('{"email": "a", "password": "\\ud800"}', "half a surrogate pair"),
        ('{"password": "pw"}', "every line needs an email, an id or a token"),
        ('{"email": "u@example.com"}\n{"email": "u@example.com"}', "to two people"),
    ],
)
def test_a_strange_line_of_credentials_is_told_in_one_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        load(tmp_path, people=line.encode())


def test_a_file_has_a_bound(tmp_path: Path) -> None:
    load(tmp_path, TOML.encode() + b"#" * (textfile.LIMIT - len(TOML)))
    with pytest.raises(UsageError, match=r"p\.toml: the profile is larger than 10 MB"):
        load(tmp_path, TOML.encode() + b"#" * textfile.LIMIT)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, sentence in ((".", "this is a folder"), ("pipe", "no regular file"), ("/dev/zero", "no regular file")):
        with pytest.raises(UsageError, match=sentence):
            profile.load(tmp_path / name, env={}, catalog=CATALOG)
        with pytest.raises(UsageError, match=sentence):
            load(tmp_path, TOML.replace("c.ndjson", name).encode())
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path, TOML.replace("c.ndjson", "a\\u0000").encode())


def test_a_profile_is_found_in_a_folder_above_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    below = tmp_path / "repository" / "services" / "chat"
    below.mkdir(parents=True)
    (tmp_path / "eventproof.toml").touch()
    assert profile.found(below) is None
    (tmp_path / "repository" / ".git").touch()  # a worktree has a file there
    assert profile.found(below) is None
    (tmp_path / "repository" / "eventproof.toml").touch()
    assert profile.found(below) == Path(os.path.relpath(tmp_path / "repository" / "eventproof.toml"))
    (below / "eventproof.toml").touch()
    assert profile.found(below) == Path(os.path.relpath(below / "eventproof.toml"))
