"""What Schemathesis is told about the server, in the child process that it runs in: tokens, ids, what is right.

Everything comes from the file that `EVENTPROOF_FUZZING` names, which `fuzzing.py` writes; each call is noted beside it.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import requests
import schemathesis

GIVEN: Mapping[str, Any] = json.loads(Path(os.environ["EVENTPROOF_FUZZING"]).read_text("utf-8"))
OPERATIONS: Mapping[str, Any] = GIVEN["operations"]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class People:
    """Who calls: one person of each role, with a token that is good."""

    def __init__(self) -> None:
        self._waiting = {role: iter(people) for role, people in GIVEN["people"].items()}
        self._now = {role: next(people) for role, people in self._waiting.items()}
        self._roles: dict[str, str] = {person["token"]: role for role, person in self._now.items()}

    def of(self, role: str) -> Mapping[str, str] | None:
        """Who has that role; None for `anyone`."""
        return self._now.get(role)

    def whose(self, authorization: str) -> str:
        """The role of whoever's token this is; `anyone` where it is none of theirs."""
        return self._roles.get(authorization.removeprefix("Bearer "), "anyone")

    def ended(self, user_id: str) -> None:
        """This one's sessions are over: another one takes the place."""
        for role, person in self._now.items():
            if person["id"] == user_id:
                self._now[role] = next(self._waiting[role])
                self._roles[self._now[role]["token"]] = role

    def logged_out(self, role: str) -> None:
        """This one's session is over, and a new one begins."""
        person = self._now[role]
        answer = requests.post(GIVEN["login"], json={key: person[key] for key in ("email", "password")}, timeout=20)
        self._now[role] = {**person, "token": answer.json()["token"]}
        self._roles[self._now[role]["token"]] = role


PEOPLE = People()
NOTES = Path(os.environ["EVENTPROOF_FUZZING"]).with_name("calls.ndjson").open("w", encoding="utf-8")


def _id_of(case: Any) -> str:
    found: str = case.operation.definition.raw["operationId"]
    return found


def _role_of(case: Any) -> str:
    """With whose token a call is made: that of the run, else of the first role that may call it."""
    role: str = GIVEN["role"] or OPERATIONS[_id_of(case)]["role"]
    return role


@schemathesis.auth(refresh_interval=None)
class Token:
    """The token of whoever is to call."""

    def get(self, case: Any, _context: Any) -> str | None:
        """The token; None for `anyone`."""
        person = PEOPLE.of(_role_of(case))
        return person["token"] if person else None

    def set(self, case: Any, data: str | None, _context: Any) -> None:
        """Send it."""
        if data:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """The user that a path names is the one who takes part."""
    return _with_people(path_parameters, context)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """So are the people whom a body names; and who logs in knows the password, every other time."""
    person, known = PEOPLE.of(GIVEN["member"]), OPERATIONS[context.operation.definition.raw["operationId"]]
    if person and known["begins"] and _is_a_login(body) and len(body["password"]) % 2:
        return {name: person[name] for name in body}
    return _with_people(body, context)


def _is_a_login(body: Any) -> bool:
    """Whether these could be somebody's email and password: what fits must still fit, and what does not must not."""
    fits = isinstance(body, dict) and body.keys() == {"email", "password"}
    return fits and all(isinstance(text, str) and 0 < len(text) < 255 for text in body.values())


def _with_people(given: Any, context: Any) -> Any:
    """With the ids of those who take part where ids of people could stand; every eighth, by its length, stays."""
    if isinstance(given, dict):
        roles = {"userId": GIVEN["member"], **OPERATIONS[context.operation.definition.raw["operationId"]]["people"]}
        for name in given.keys() & roles.keys():
            person, said = PEOPLE.of(roles[name]), given[name]
            if person and isinstance(said, str) and _ID.fullmatch(said) and len(said) % 8:
                given[name] = person["id"]
    return given


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """No admin ends the sessions of an admin, who are few: Schemathesis takes ids out of answers, its own as well."""
    member, admin = PEOPLE.of(GIVEN["member"]), PEOPLE.of("admin")
    theirs = case.path_parameters
    if OPERATIONS[_id_of(case)]["ends"] == "userId" and member and admin and theirs.get("userId") == admin["id"]:
        case.path_parameters = {**theirs, "userId": member["id"]}


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """Note what came of it, and go on with others where it ended somebody's sessions."""
    called = _id_of(case)
    role = PEOPLE.whose(str(response.request.headers.get("Authorization", "")))
    note = {"operation": called, "method": case.method.upper(), "status": response.status_code, "role": role}
    print(json.dumps(note), file=NOTES, flush=True)
    if response.status_code >= 300 or case.method.upper() != OPERATIONS[called]["method"]:
        return
    if OPERATIONS[called]["ends"] == "userId":
        PEOPLE.ended(case.path_parameters["userId"])
    elif OPERATIONS[called]["ends"] == "caller":
        PEOPLE.logged_out(role)


def _not_found(parameter: str) -> str:
    """The code with which the thing that this parameter names is not found: `userPlanId` has `user_plan_not_found`."""
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", parameter.removesuffix("Id"))
    return f"{words.lower()}_not_found"


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """What is said to fit is refused rightly where the contract lists the code, or where it does not fit after all.

    And what is not found is not what was just made where the body names somebody or something that is not there.
    """
    known = OPERATIONS[_id_of(case)]
    if type(failure).__name__ == "EnsureResourceAvailability":
        named = case.body if isinstance(case.body, dict) else {}
        people = {name: PEOPLE.of(role) or {} for name, role in known["people"].items() if name in named}
        said = response.json()["error"]["code"]
        is_in_path = said in {_not_found(name) for name in case.path_parameters or {}}
        return is_in_path and all(person.get("id") == named[name] for name, person in people.items())
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    said = response.json()["error"]["code"]
    return said not in known["refusals"] and all(
        jsonschema_rs.Draft202012Validator(schema).is_valid(case.headers[name])
        for name, schema in known["headers"].items()
        if name in (case.headers or {})
    )
