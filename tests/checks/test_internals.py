"""Traces and errors of databases are seen in the forms that each runtime writes; innocent sentences are not."""

import json
import time

import pytest

from eventproof.checks import internals

TRACES = {
    "python": 'Traceback (most recent call last):\n  File "/srv/app/ban.py", line 12, in ban\nKeyError: 5',
    "python-end": "AttributeError: 'NoneType' object has no attribute 'ban'",
    "python-frame": 'File "ban.py", line 12, in ban',
    "django": "Exception Type: DoesNotExist at /api/users/5\nException Value: User matching query does not exist.",
    "node": "TypeError: x is undefined\n    at ban (/srv/app/ban.js:12:7)\n    at async /srv/app/index.js:3:1",
    "node-anonymous": "x is undefined\n    at /srv/app/ban.js:12:7",
    "node-internal": "x\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "node-method": "boom\n    at Object.<anonymous> (C:\\srv\\app\\ban.js:12:7)",
    "node-new": "boom\n    at new Ban (file:///srv/app/ban.mjs:12:7)",
    "node-message": "Cannot read properties of undefined (reading 'id')",
    "deno": "error: Uncaught (in promise) Error: boom\n    at ban (file:///srv/app/ban.ts:12:7)",
    "bun": "error: boom\n      at ban (/srv/app/ban.ts:12:7)",
    "safari": "ban@/srv/app/ban.js:12:7",
    "java": "java.lang.NullPointerException\n\tat shop.Ban.go(Ban.java:12)",
    "java-frame": "\tat shop.Ban.go(Ban.java:12)",
    "java-module": "at java.base/java.lang.Thread.run(Thread.java:833)",
    "java-lambda": "at shop.Ban.lambda$go$0(Ban.java:12)",
    "java-native": "at jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
    "java-cause": "Caused by: org.postgresql.util.PSQLException: ERROR",
    "java-more": "\t... 23 more",
    "java-helpful": 'Cannot invoke "shop.User.ban()" because "user" is null',
    "kotlin": "at shop.BanKt.main(Ban.kt:12)",
    "spring": "org.springframework.dao.DataIntegrityViolationException: could not execute statement",
    "dotnet": "System.NullReferenceException: Object reference not set to an instance of an object.",
    "dotnet-frame": "   at Shop.Ban.Go(Int32 id) in /src/Ban.cs:line 12",
    "dotnet-release": "boom\n   at Shop.Ban.<Go>d__1.MoveNext()\n",
    "dotnet-end": "--- End of stack trace from previous location ---",
    "ef": "Microsoft.EntityFrameworkCore.DbUpdateException: An error occurred while saving the entity changes.",
    "php": "Uncaught Error: Call to a member function ban() on null in /srv/app/Ban.php:12",
    "php-frames": "#0 /srv/app/index.php(3): Ban->go()\n#1 {main}",
    "php-html": '<b>Warning</b>: Undefined array key "id" in <b>/srv/app/ban.php</b> on line <b>12</b>',
    "php-line": "Division by zero in /srv/app/ban.php on line 12",
    "laravel": "Illuminate\\Database\\QueryException",
    "ruby": "app/models/ban.rb:12:in `go'",
    "ruby-3.4": "undefined method 'ban' for nil\napp/models/ban.rb:12:in 'Ban#go'",
    "rails": "ActiveRecord::RecordNotFound (Couldn't find User with 'id'=5)",
    "go": "panic: runtime error: invalid memory address",
    "go-goroutine": "goroutine 18 [running]:\nmain.ban(0x0)",
    "go-frame": "main.ban(0x0)\n\t/srv/app/ban.go:12 +0x1d",
    "go-sql": "sql: no rows in result set",
    "rust": "thread 'main' panicked at src/ban.rs:12:5:\ncalled `Option::unwrap()` on a `None` value",
    "rust-tokio": "thread 'tokio-runtime-worker' (4711) panicked at 'boom', src/ban.rs:12:5",
    "rust-frame": "   3: core::panicking::panic_fmt",
    "elixir": "** (FunctionClauseError) no function clause matching in Shop.Ban.go/1",
    "elixir-frame": "    (shop 0.1.0) lib/shop/ban.ex:12: Shop.Ban.go/1",
    "erlang": "{badmatch,{error,enoent}}",
    "erlang-report": '[{ban,go,1,[{file,"src/ban.erl"},{line,12}]}]',
    "perl": 'Can\'t call method "ban" on an undefined value at /srv/app/ban.pl line 12.',
    "perl-module": "boom at lib/Shop/Ban.pm line 12, <DATA> line 3.",
    "swift": "Fatal error: Unexpectedly found nil while unwrapping an Optional value: file shop/Ban.swift, line 12",
    "cpp": "terminate called after throwing an instance of 'std::out_of_range'\n  what():  vector::_M_range_check",
    "cpp-frame": "#3  0x00007f3b2c1d in ban (id=5) at src/ban.cpp:12",
    "dart": "#0      Ban.go (package:shop/ban.dart:12:7)",
    "lua": "ban.lua:12: attempt to index a nil value (local 'user')\nstack traceback:",
    "haskell": "CallStack (from HasCallStack):\n  error, called at src/Ban.hs:12:7 in main:Ban",
    "clojure": "clojure.lang.ExceptionInfo: boom",
    "kotlin-own": "kotlin.UninitializedPropertyAccessException: lateinit property x has not been initialized",
    "fsharp": "System.Exception: boom",
    "fsharp-frame": "boom\n   at Shop.Ban.go@12.Invoke(Unit x)",
    "gin": "/usr/local/go/src/runtime/panic.go:114 (0x45)",
    "escaped": '{"error": "boom\\n    at ban (/srv/app/ban.js:12:7)"}',
    "escaped-go": "boom\\n\\ngoroutine 18 [running]:\\nmain.ban(0x0)",
}
DATABASES = {
    "pg-relation": 'ERROR: relation "bans" does not exist LINE 1: SELECT * FROM bans WHERE id = 5',
    "pg-unique": 'duplicate key value violates unique constraint "users_email_key"',
    "pg-type": 'invalid input syntax for type uuid: "5"',
    "pg-go": 'pq: invalid input syntax for type uuid: "x"',
    "pg-detail": "Key (email)=(a@b.c) already exists.",
    "pg-null": 'null value in column "id" of relation "bans" violates not-null constraint',
    "pg-range": 'value "9999999999" is out of range for type integer',
    "mysql": "You have an error in your SQL syntax; check the manual",
    "mysql-duplicate": "Duplicate entry 'a@b.c' for key 'users.email'",
    "mysql-node": "ER_DUP_ENTRY",
    "mysql-go": "Error 1062 (23000): Duplicate entry",
    "mysql-column": "Unknown column 'bans.id' in 'where clause'",
    "mariadb": "(conn=12) Deadlock found when trying to get lock; try restarting transaction",
    "sqlite": "SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email",
    "sqlite-python": "sqlite3.OperationalError: no such table: bans",
    "mssql": "Violation of PRIMARY KEY constraint 'PK_users'. Cannot insert duplicate key in object 'dbo.users'.",
    "mssql-syntax": "Incorrect syntax near 'FROM'.",
    "mssql-level": "Msg 208, Level 16, State 1, Line 1",
    "oracle": "ORA-00942: table or view does not exist",
    "mongo": "E11000 duplicate key error collection: shop.users index: email_1 dup key",
    "mongoose": 'Cast to ObjectId failed for value "5" (type string) at path "_id" for model "User"',
    "bson": "BSONError: input must be a 24 character hex string",
    "redis": "WRONGTYPE Operation against a key holding the wrong kind of value",
    "redis-node": "ReplyError: ERR unknown command 'FOO'",
    "redis-cluster": "MOVED 3999 127.0.0.1:6381",
    "prisma": "Invalid `prisma.user.update()` invocation:\nAn operation failed",
    "prisma-class": "PrismaClientKnownRequestError",
    "sequelize": "SequelizeUniqueConstraintError: Validation error",
    "typeorm": "QueryFailedError: column x",
    "hibernate": "could not execute statement [ERROR: x]",
    "django": "django.db.utils.IntegrityError: x",
    "sqlalchemy": "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
    "sqlalchemy-sql": "[SQL: INSERT INTO bans (id) VALUES (?)]",
    "dbapi": "IntegrityError: x",
    "pdo": "SQLSTATE[23000]: Integrity constraint violation: 1062",
    "pdo-hy": "SQLSTATE[HY000] [2002] Connection refused",
    "ecto": "Ecto.ConstraintError",
    "statement-of-columns": "SELECT COUNT(*), u.name AS n FROM users u",
    "statement": "select failed: SELECT id, name FROM users WHERE id = $1",
    "update": 'UPDATE "users" SET banned = true',
    "statement-in-small-letters": "failed query: select * from bans where id = $1",
    "insert-in-small-letters": 'insert into "users" ("id") values ($1)',
    "perl-dbi": "DBD::mysql::st execute failed: x",
    "connection": "connect ECONNREFUSED 10.0.0.5:5432",
    "connection-go": "dial tcp 10.0.0.5:5432: connect: connection refused",
}
INNOCENT = (
    "The line 12 of your form is wrong.",
    "Error: you are at 10:30.",
    "Try again at 10:30:15, or call us.",
    "See README.md for what to do.",
    "We meet at noon (12:30).",
    "We meet at the hotel (room 3:15).",
    "Meet us at Example.com (5).",
    "Please SELECT a seat FROM the map above.",
    "Select a plan from the list.",
    "Update your plan and set a password.",
    "Do not panic: call us.",
    "The database is locked for maintenance until noon.",
    "We attempt to call a friend of yours.",
    'The role "gold" does not exist: choose another one.',
    "The type premium does not exist.",
    'The plan "gold" does not exist.',
    "Error 4001: your session has ended.",
    "Look at file: report.pdf",
    "Unhandled exception. Ask the support for help.",
    "Fatal error: the account is closed.",
    "This needs Node.js 22 or later.",
    "See https://example.com/help/errors.php?code=401 for more.",
    "See https://docs.example.rs:8080/errors for more.",
    "Open https://example.com/app.js:443 in your browser.",
    "Session expired at 2026-11-26T10:30:15.123Z: log in again.",
    "Your token has expired at 12:30:15 (UTC+01:00).",
    "The session has ended: log in again.",
    "Ihre Sitzung ist um 12:30 Uhr (MEZ) abgelaufen: bitte melden Sie sich an.",
    "Die Zeile 12 Ihres Formulars ist falsch.",
    "您的会话已过期，请重新登录（12:30）。",
    "セッションの有効期限が切れました。12行目をご確認ください。",
    "Duplicate entry: this ticket was claimed before.",
    "The column is missing in the file that you sent.",
    "No query results for model [App\\Models\\User] 5",
    "The JSON value could not be converted to System.Int32. Path: $.tier | LineNumber: 0 | BytePositionInLine: 12.",
    "Unexpected token } in JSON at position 5",
    "jwt malformed",
    "TokenExpiredError",
    "ValidationException",
    "auth.InvalidTokenError",
    "com.example.app.premium",
    "** (Important) Log in again.",
    "Ask at the desk of node: 5",
    "Ratio 3:4, score 12:7.",
    "Send at most 10 events a second, from #1 to #10.",
    "Use a name such as Mr. Smith::home.",
    "Select a plan from the list where you live, for $5 a month.",
    "You cannot insert into this list: ask an admin.",
    "Delete from your cart what you do not want.",
    "Please update your profile and set a new password.",
    "Cannot POST /api/admin/users/5/ban",
    "Not allowed by CORS: https://example.com:3000",
    "Access denied for user 5: ask an admin.",
    "La sesión caducó: inicie sesión en app.example.com:8443.",
    "The request has timed out while waiting for an answer of the database.",
)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in (TRACES | DATABASES).items()])
def test_a_trace_or_an_error_of_a_database_is_seen_bare_and_inside_a_json_answer(text: str) -> None:
    assert internals.TRACES.search(text)
    assert internals.EVERYTHING.search(text)
    assert internals.shown({"error": {"code": "internal", "message": f"The ban failed: {text}"}})
    assert internals.shown(json.dumps({"detail": [text]}))


@pytest.mark.parametrize("text", INNOCENT)
def test_an_innocent_sentence_is_none(text: str) -> None:
    assert internals.shown({"error": {"code": 4001, "message": text, "retry": None, "ok": False}}) == ""


@pytest.mark.parametrize(
    "text", ["CustomBanError: boom", "the handler in ban.py failed", "see /srv/app/ban.go", "a BanException"]
)
def test_who_only_tells_that_the_server_failed_names_no_exception_and_no_file(text: str) -> None:
    assert internals.shown(text, internals.EVERYTHING)
    assert not internals.shown(text)


@pytest.mark.parametrize("text", ["Something went wrong inside the server: try again.", *INNOCENT[:9]])
def test_a_sentence_that_says_no_more_than_that_the_server_failed_shows_nothing(text: str) -> None:
    assert not internals.shown({"message": text, "code": "INTERNAL_ERROR"}, internals.EVERYTHING)


@pytest.mark.parametrize("part", [" ", "a.", "A::", "/a", "+a", "\\n", "@a.", "at a.", "SELECT a,", "a("])
def test_a_hostile_text_takes_little_time(part: str) -> None:
    began = time.process_time()
    internals.shown(part * (400_000 // len(part)), internals.EVERYTHING)
    assert time.process_time() - began < 10
