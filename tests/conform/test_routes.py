"""A call of the profile is found in the document of the server, however both write its path."""

from typing import Any

import pytest

from eventproof.conform.routes import route_of

HOST = "http://x.example"


def reached(url: str, path: str, documented: str, **document: Any) -> tuple[str, dict[str, str]] | None:
    """The URL before the documented path, and what stands for its parameters."""
    route = route_of(url, path, {"paths": {}, **document}, documented)
    return None if route is None else (route.base, dict(route.parameters))


@pytest.mark.parametrize(
    ("url", "path", "documented", "document", "base", "parameters"),
    [
        (HOST, "/users/{userId}", "/users/{no}", {}, HOST, {"no": "{userId}"}),
        (HOST, "/users/{userId}?expand=1", "/users/{no}", {}, HOST, {"no": "{userId}"}),
        (HOST, "/users/", "/users", {}, HOST, {}),
        (HOST, "/users", "/users/", {}, HOST, {}),
        (f"{HOST}/v1", "/users", "/users", {}, f"{HOST}/v1", {}),
        (f"{HOST}/v1", "/users", "/v1/users", {}, HOST, {}),
        (HOST, "/v1/users", "/users", {"servers": [{"url": "/v1"}]}, f"{HOST}/v1", {}),
        (HOST, "/v1/users", "/users", {"servers": [{"url": "https://other.example/v1/"}]}, f"{HOST}/v1", {}),
        (f"{HOST}/v1", "/users", "/users", {"servers": [{"url": "/v1"}]}, f"{HOST}/v1", {}),
        (HOST, "/v2/users", "/users", {"basePath": "/v2"}, f"{HOST}/v2", {}),
        (
            HOST,
            "/eu/users",
            "/users",
            {"servers": [{"url": "/{region}", "variables": {"region": {"default": "eu"}}}]},
            f"{HOST}/eu",
            {},
        ),
        (HOST, "/v3/users", "/users", {"paths": {"/users": {"servers": [{"url": "/v3"}]}}}, f"{HOST}/v3", {}),
        (HOST, "/v4/users", "/users", {"paths": {"/users": {"put": {"servers": [{"url": "/v4"}]}}}}, f"{HOST}/v4", {}),
        (HOST, "/orgs/7/users/{userId}", "/orgs/{org}/users/{no}", {}, HOST, {"org": "7", "no": "{userId}"}),
        (HOST, "/users/{userId}:ban", "/users/{no}:ban", {}, HOST, {"no": "{userId}"}),
    ],
)
def test_a_documented_path_is_recognised(
    url: str, path: str, documented: str, document: dict[str, Any], base: str, parameters: dict[str, str]
) -> None:
    assert reached(url, path, documented, **document) == (base, parameters)


@pytest.mark.parametrize(
    ("path", "documented", "document"),
    [
        ("/users/{userId}", "/users/me", {}),
        ("/users/{userId}/ban", "/users/{no}", {}),
        ("/v1/users", "/users", {}),
        ("/v1/users", "/users", {"servers": [{"url": "/v2"}]}),
        ("/users.json", "/users-json", {}),
        ("/a", "/users", {"servers": 3}),
        ("/a", "/users", {"servers": [{"url": "http://[::1"}, {"url": 3}, "x"]}),
    ],
)
def test_another_path_is_not_taken_for_it(path: str, documented: str, document: dict[str, Any]) -> None:
    assert reached(HOST, path, documented, **document) is None


def test_a_path_that_is_written_out_is_meant_before_one_with_a_parameter() -> None:
    ranks = {
        documented: route.rank
        for documented in ("/users/{id}", "/users/me", "/{any}/me")
        if (route := route_of(HOST, "/users/me", {}, documented))
    }
    assert max(ranks, key=lambda documented: ranks[documented]) == "/users/me"
