"""Which handler serves a method and a path."""

import pytest

from reference_server.refusals import Refusal
from reference_server.transport.paths import ANY, Paths

SERVED = [
    ("GET", "/things"),
    ("POST", "/things"),
    ("GET", "/things/{thing}"),
    ("PUT", "/things/{id}"),
    ("GET", "/things/count"),
    ("GET", "/things/{thing}/parts/{part}"),
    ("GET", "/things/first/owner"),
    (ANY, "/socket/"),
]


def _paths() -> Paths[str]:
    paths: Paths[str] = Paths()
    for method, path in SERVED:
        paths.add(method, path, f"{method} {path}")
    return paths


@pytest.mark.parametrize(
    ("method", "path", "handler", "values"),
    [
        ("POST", "/things", "POST /things", {}),
        ("GET", "/things/7", "GET /things/{thing}", {"thing": "7"}),
        ("PUT", "/things/7", "PUT /things/{id}", {"id": "7"}),
        ("GET", "/things/a%2Fb%2525", "GET /things/{thing}", {"thing": "a/b%25"}),
        ("GET", "/things/count", "GET /things/count", {}),
        ("GET", "/things/count/parts/2", "GET /things/{thing}/parts/{part}", {"thing": "count", "part": "2"}),
        ("GET", "/things/first/parts/2", "GET /things/{thing}/parts/{part}", {"thing": "first", "part": "2"}),
        ("GET", "/things/first/owner", "GET /things/first/owner", {}),
        ("BREW", "/socket/", "* /socket/", {}),
    ],
)
def test_a_path_is_served_by_the_one_that_it_fits_best(
    method: str, path: str, handler: str, values: dict[str, str]
) -> None:
    assert _paths().find(method, path) == (handler, values)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/thing",
        "/things/",
        "//things",
        "/things/7/",
        "/things/7/parts",
        "/things//parts/2",
        "/socket",
        "/things/{}",
        "/things/first/{}",
    ],
)
def test_what_fits_none_is_not_found(path: str) -> None:
    with pytest.raises(Refusal) as refused:
        _paths().find("GET", path)
    assert refused.value.code == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/things", "GET, POST"), ("PUT", "/things/count", "GET"), ("HEAD", "/things/7", "GET, PUT")],
)
def test_a_method_that_is_not_served_there_is_told_those_that_are(method: str, path: str, allowed: str) -> None:
    with pytest.raises(Refusal) as refused:
        _paths().find(method, path)
    assert (refused.value.code, refused.value.headers["Allow"]) == ("method_not_allowed", allowed)
