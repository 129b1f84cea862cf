r"""What a refusal must not show: traces and errors of every runtime, and of every database. Pure.

Each line of the tables is a form that one runtime or one database writes, in the words of its own documents or sources.
A line that would take innocent text with it (a time, an address, a file that somebody is told to read) is none.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["EVERYTHING", "TRACES", "shown", "text_of"]

_B: Final = r"(?:(?<![\w$.])|(?<=\\[nrt]))"
"""Where a word begins, also behind a line's end that was escaped."""
_CODE: Final = (
    "py|pyx|[cm]?jsx?|[cm]?tsx?|java|kts?|scala|groovy|cljs?|go|rb|erb|php|phtml|cs|fs|vb|cshtml|razor|rs|exs?|erl|hrl|p[lm]|"
    "swift|mm|cpp|cxx|cc|hpp|[ch]|dart|lua|hs|mli?|nim|zig|cr|jl|vue|svelte"
)
"""How files of source code end."""
_PLACE: Final = rf"(?:^|(?<=[\s\"'(\[<>{{|,;=`])|(?<=\\[nrt]))(?![a-z][a-z+.-]*://(?<!file://))[^\s\"'()<>\[\]{{}}|,;]{{0,300}}[\w>-]\.(?:{_CODE})"
"""A file of source code that is no part of an address."""
_QUALIFIED: Final = r"[a-z_]\w*(?:\.[a-z_]\w*){1,12}\.[A-Z]\w*(?:Exception|Error|Failure|Fault|Violation)"

_TRACE_LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "any": (
        rf"{_PLACE}:\d+(?::\d+|:? in\b|: |\)|\b(?![\w.]))",
        rf"{_PLACE}(?:\(\d+(?:,\d+)?\)|:line \d+|[\"']?,? (?:on |at )?line \d+)",
        rf"{_B}(?:[Ss]tack ?[Tt]race|[Ss]tack [Tt]raceback|(?:[Ss]tack )?[Bb]acktrace)\b ?:",
        r"\bCallStack \(from HasCallStack\)",
    ),
    "Python": (
        r"Traceback \(most recent call last",
        r"File \\?\"[^\"\\]+\\?\", line \d+",
        r"\bException (?:Type|Value|Location): ",
        r"'[A-Za-z_]\w*' object (?:has no attribute|is not (?:callable|iterable|subscriptable))",
        r"unsupported operand type\(s\) for",
        r"\b\w{1,80}\(\) (?:takes \d+ positional|missing \d+ required)",
        r"\b(?:list|tuple|string) index out of range",
        r"\bwerkzeug\.|\bstarlette\.\w|\buvicorn\.\w|\bdjango\.\w+\.\w",
    ),
    "Node.js, Deno, Bun, browsers": (
        rf"{_B}at (?:async )?[\w.$<>\[\] ]{{0,120}}\(?(?:file://|node:|webpack[\w-]*:/+|wasm:|evalmachine)[^\s()]{{0,300}}:\d+",
        rf"{_B}at (?:async )?[\w.$<>\[\] ]{{1,120}} \((?!https?://)[^()\s]{{0,300}}[/\\][^()\s]{{0,300}}:\d+:\d+\)",
        rf"{_B}at (?:async )?[\w.$<>\[\] ]{{1,120}} \(https?://\S{{1,300}}\.[cm]?[jt]sx?:\d+:\d+\)",
        rf"{_B}at (?:[\w.$ ]{{1,120}} \()?<anonymous>",
        r"\(internal/\w+(?:/\w+)*\.js:\d+",
        rf"{_B}at (?:async )?(?:/|[A-Za-z]:\\|\.\.?/)[^\s()]+:\d+:\d+",
        r"@(?:file://|https?://)?[^\s@]{1,300}\.[cm]?[jt]sx?:\d+:\d+",
        r"node:internal/",
        r"\bCannot (?:read|set) propert(?:y|ies)\b[^.]{0,80} of (?:undefined|null)",
        r"\b[\w$]{1,60}(?:\.[\w$]{1,60}){1,8} is not a (?:function|constructor)\b",
    ),
    "Java, Kotlin, Scala": (
        rf"{_B}at (?:[\w$.-]{{1,120}}//?)?(?:[\w$]+\.){{1,20}}[\w$<>]+"
        r"\((?:[\w$]+\.\w+(?::\d+)?|Native Method|Unknown Source)\)",
        r"\.\.\. \d+ (?:more|common frames omitted)",
        r"Exception in thread \\?\"",
        rf"{_B}{_QUALIFIED}\b",
        rf"{_B}(?:kotlin|scala|groovy)\.[A-Z]\w*(?:Exception|Error)\b",
        rf"{_B}(?:java|javax|jakarta|kotlin|kotlinx|scala|akka|clojure|groovy)\.[a-z]+\.\w",
        rf"{_B}org\.(?:springframework|apache|hibernate|postgresql|eclipse|jboss|h2|mariadb|xerial|jooq)\.\w",
        rf"{_B}(?:com\.(?:mysql|zaxxer|fasterxml|microsoft\.sqlserver|datastax|mongodb)|io\.(?:netty|ktor|micronaut|quarkus|vertx))\.\w",
        r"\bCannot invoke \\?\"[^\"]+\\?\" because",
    ),
    ".NET": (
        r"(?:^|[\n\r]|\\[nr]|\s\s)\s{0,8}at (?:[\w`<>\[\],+@$-]+\.){1,20}[\w`<>\[\],|@$-]+\([^()]{0,300}\)",
        r"--- End of (?:inner exception )?stack trace",
        r"\bSystem\.(?:[A-Z]\w*\.){0,8}\w*Exception\b",
        r"\b(?:Microsoft|Npgsql|MySqlConnector|MySql|Oracle|StackExchange|Newtonsoft)\.[A-Z]\w*(?:\.\w+)+",
        r"\bObject reference not set to an instance of an object",
        r"\bSequence contains (?:no|more than one) (?:matching )?elements?\b",
    ),
    "PHP": (
        r"(?:^|[\s>\n]|\\n)#\d+ (?:\{main\}|\S+\(\d+\): )",
        r"\bPHP (?:Fatal error|Parse error|Warning|Notice|Deprecated)\b",
        r"\bFatal error(?:</b>)?: +(?:Uncaught|Allowed memory|Maximum execution|Call to|Array index|Index out of)",
        r"\bParse error(?:</b>)?: +syntax error",
        r"\bUncaught (?:[A-Z]\w*\\+)*(?:\w*Error|\w*Exception)\b",
        r"\b(?:in|at) \S+\.(?:php|phtml|inc)(?:</b>)? on line ",
        r"\bCall to (?:a member function|(?:an )?undefined (?:method|function)|private method)\b",
        r"\b(?:Illuminate|Symfony|Doctrine|Laminas|Yiisoft|yii|GuzzleHttp|CodeIgniter|Slim|Cake)\\+\w",
        r"\bUndefined (?:array key|index|variable|offset|property|constant)\b ?:? ?[\"'$\\]",
        r"\b(?:Trying to access array offset|Attempt to read property) ",
    ),
    "Ruby": (
        r"\.(?:rb|erb|ru):\d+:in\b",
        r"\bundefined (?:local variable or )?method [`'‘]",
        r"\bfor nil:NilClass\b|\buninitialized constant [A-Z]",
        r"\b(?:ActiveRecord|ActionController|ActionView|ActionDispatch|ActiveModel|ActiveJob|Mongoid|Sequel|PG|Mysql2|SQLite3|"
        r"Redis|Sidekiq|Rack|Sinatra|NoMethodError)::[A-Z]\w*",
        r"\b(?<!:)[A-Z]\w*(?:::[A-Z]\w*){0,8}::\w*(?:Error|Exception|Violation)\b",
    ),
    "Go": (
        r"\bgoroutine \d+ \[",
        r"(?<=n)goroutine \d+ \[",
        rf"{_B}panic: (?:runtime error|assignment to|interface conversion|sync:|close of|send on|reflect:)",
        r"\bruntime error: ",
        r"\binvalid memory address or nil pointer dereference",
        r"\[signal SIG[A-Z]+",
        r"\bhttp: panic serving|\binterface conversion: ",
        r"\bsql: (?:no rows in result set|Scan error|database is closed|converting argument)",
    ),
    "Rust": (
        r"\bthread '[^']*' (?:\(\d+\) )?(?:has )?(?:panicked|overflowed)",
        rf"{_B}panicked at ",
        r"\bcalled `(?:Option|Result)::\w+\(\)` on an? ",
        r"\bRUST_BACKTRACE\b",
        r"\b(?:core|std|alloc|tokio|hyper|actix_web|axum|sqlx|diesel|serde_json)::\w+(?:::\w+)*",
        r"\bindex out of bounds: the len is ",
    ),
    "Elixir, Erlang": (
        r"\*\* \((?:[A-Z][\w.]*Error|exit|throw|EXIT[^)]{0,80})\)",
        r"\([a-z]\w* \d+\.\d+[\w.-]*\) \S+\.(?:exs?|erl):\d+",
        r"\bno function clause matching in \w|\bno match of right hand side value",
        r"\{:?(?:badmatch|case_clause|badarg|badarith|function_clause|undef|noproc|nocatch|try_clause|badkey|badmap)\b[,}]",
        r"\bCRASH REPORT\b|\bError in process (?:#PID)?<\d|\bGenServer \S+ terminating",
        r"#PID<\d+\.\d+\.\d+>",
        r"\[\{file,\"",
    ),
    "Perl": (
        r"\bat (?:\S+\.(?:p[lm]|t|cgi|psgi)|/\S+|\(eval \d+\)|-e) line \d+",
        r"\bCan't (?:locate (?:object method|\S+\.pm)|call method \\?\"|use (?:an undefined value|string))",
        r"\bUse of uninitialized value\b",
    ),
    "Swift": (
        r"\bUnexpectedly found nil while\b",
        r"\bThread \d+(?: \S+)? [Cc]rashed\b",
    ),
    "C, C++": (
        r"\bterminate called (?:after throwing|without an active|recursively)",
        r"(?<![\w:])what\(\): ",
        r"\bstd::\w+",
        r"\b(?:Segmentation fault|core dumped)\b",
        r"\bAssertion (?:`[^']*'|'[^']*'|\w+ ?[=!<>]=? ?\w+) failed",
        r"(?:^|\s|\\n)#\d+\s+0x[0-9a-f]{6,}",
        r"\b(?:Address|Thread|Memory|UndefinedBehavior)Sanitizer\b",
    ),
    "Dart, Lua, Julia": (
        r"#\d+\s+\S+ \((?:package|dart|file):",
        r"\battempt to (?:index|call|compare|concatenate|perform arithmetic on)\b"
        r"[^\n]{0,60}\b(?:nil|table|boolean) values?\b",
        r"\bStacktrace:",
    ),
}
_DATABASE_LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "SQL": (
        r"\bSELECT\s+(?:DISTINCT\s+)?[\w.`\"\[\]$*]+(?:\([^)]{0,80}\))?(?:\s+AS\s+\S+)?"
        r"(?:\s*,\s*[\w.`\"\[\]$*]+(?:\([^)]{0,80}\))?(?:\s+AS\s+\S+)?){0,60}\s+FROM\s+[\w`\"\[(]",
        r"\bINSERT INTO\s+[\w`\"\[]|\bDELETE FROM\s+[\w`\"\[]|\bUPDATE\s+[\w.`\"\[\]]+\s+SET\s|\bON CONFLICT\b",
        r"\bselect\b[^\n]{1,300}\bfrom\b[^\n]{1,200}\bwhere\b[^\n]{1,100}(?:= ?[$?:@'\d]|\bin \()",
        r"\binsert into [\w.`\"\[\]\\]+ ?(?:\(|values\b)|\bdelete from [\w.`\"\[\]\\]+ where\b[^\n]{1,100}=",
        r"\bupdate [\w.`\"\[\]\\]+ set [^\n]{1,100}= ?[$?:@'\d]",
        r"\bSQLSTATE\b|\bDBD::\w",
        r"\bSQL (?:logic )?(?:[Ee]rror|[Ss]yntax)\b|\bSQL(?:Syntax|Integrity\w*|Data|Transient\w*)?Exception\b",
        r"\b(?:WHERE|AND|VALUES)\b[^.]{0,80}(?:= ?\$\d|= ?\?|\(\$1|\(\?)",
    ),
    "PostgreSQL": (
        r"\b(?:relation|column|schema|database|FATAL: +role) \\?\"[\w.]+\\?\" (?:of relation \S+ )?does not exist",
        r"\bcolumn \w+\.\w+ does not exist|\bfunction [\w.]+\([^)]{0,200}\) does not exist",
        r"\bviolates (?:unique|foreign key|not-null|check|exclusion|row-level)\b",
        r"\bduplicate key value\b|\bnull value in column\b|\bvalue too long for type\b",
        r"\bsyntax error at or near\b|\bsyntax error at end of input\b",
        r"\binvalid input (?:syntax|value) for (?:type |enum )?\w",
        r"\bdeadlock detected\b|\bcould not serialize access\b|\bcurrent transaction is aborted\b",
        r"\bcanceling statement due to\b|\bterminating connection due to\b",
        r"\bout of range for type (?:integer|bigint|smallint|numeric)|\b(?:integer|bigint|smallint) out of range\b",
        r"\bpassword authentication failed for user\b|\bno pg_hba\.conf entry\b|\bremaining connection slots\b",
        r"\bpermission denied for (?:relation|table|schema|sequence|database)\b",
        r"\boperator does not exist: |\bcannot be cast automatically\b",
        r"\b(?:psycopg2?|asyncpg|pgx?|pq|libpq|postgrex)(?:\.\w|: )",
        r"\bKey \([^)]{0,200}\)=\([^)]{0,200}\) (?:already exists|is not present)",
    ),
    "MySQL, MariaDB": (
        r"\bYou have an error in your SQL\b|\bMariaDB server version\b|\bMySQL server (?:version|has gone away)\b",
        r"\bDuplicate entry '[^']*' for key\b",
        r"\bUnknown (?:column|table|database) '[^']+'|\bTable '[^']+' doesn't exist",
        r"\bERROR \d{4} \([0-9A-Z]{5}\)|\bError \d{4} \([0-9A-Z]{5}\): ",
        r"\bER_[A-Z]{2,}(?:_[A-Z]+)+\b",
        r"\bCannot (?:add or update a child|delete or update a parent) row\b",
        r"\bData (?:too long|truncated) for column\b|\bColumn '[^']+' cannot be null",
        r"\bField '[^']+' doesn't have a default value",
        r"\bIncorrect (?:integer|datetime|date|string|decimal|double) value: ",
        r"\bLock wait timeout exceeded\b|\bDeadlock found when trying\b",
        r"\bAccess denied for user '[^']*'@",
        r"\b(?:mysql|mysqli|mysqlnd|pymysql|mariadb)(?:\.\w|_\w|: )|\bMySqlException\b|\bLost connection to MySQL\b",
    ),
    "SQLite": (
        r"\bSQLITE_[A-Z]+",
        r"\bno such (?:table|column|function): \w",
        r"\b(?:UNIQUE|NOT NULL|FOREIGN KEY|CHECK|PRIMARY KEY) constraint failed\b",
        r"(?<![Tt]he )\bdatabase (?:table |schema )?is locked\b|\bdatabase disk image is malformed\b",
        r"\bnear \\?\"[^\"]*\\?\": syntax error|\bunrecognized token: ",
        r"\battempt to write a readonly database\b|\bsqlite3?(?:\.\w|: )",
    ),
    "SQL Server": (
        r"\bViolation of (?:PRIMARY|UNIQUE) KEY constraint\b|\bCannot insert (?:duplicate key|the value NULL)\b",
        r"\bInvalid (?:object|column) name '|\bIncorrect syntax near\b|\bUnclosed quotation mark\b",
        r"\bMsg \d+, Level \d+, State \d+",
        r"\bconflicted with the (?:FOREIGN KEY|REFERENCE|CHECK)\b",
        r"\b(?:String or binary data would be truncated|Conversion failed when converting)\b",
        r"\bLogin failed for user '|\bCannot open database \"|\bSqlException\b",
        r"\bODBC\b[^.]{0,40}\bDriver\b|\[Microsoft\]\[|\bOLE DB\b",
        r"\bTransaction \(Process ID \d+\) was deadlocked\b",
    ),
    "Oracle, DB2, others": (
        r"\b(?:ORA|PLS|TNS|SP2|DPI|DPY|NJS)-\d{4,5}\b",
        r"\bSQLCODE ?[=:]|\bSQLERRMC\b|\bDB2 SQL\b",
        r"\bDB::Exception\b|\bNeo\.(?:Client|Database|Transient)\w*\.",
        r"\b(?:index_not_found|search_phase_execution|mapper_parsing|version_conflict_engine)_exception\b",
        r"\b(?:ConditionalCheckFailed|ProvisionedThroughputExceeded)Exception\b|\bNoHostAvailable\b|\bJdbcSQL\w+",
    ),
    "MongoDB": (
        r"\bE11000\b|\bduplicate key error\b",
        r"\b(?:Mongo|BSON|Mongoose)\w*(?:Error|Exception)\b",
        r"\bCast to \w+ failed for value\b",
        r"\bpymongo\.|\bmust be a (?:string of 12 bytes|24 character hex string)",
    ),
    "Redis": (
        r"\bWRONGTYPE Operation\b|\bNOSCRIPT No matching\b|\bREADONLY You can't\b|\bLOADING Redis\b",
        r"\bOOM command not\b",
        r"\bNOAUTH Authentication\b|\bEXECABORT Transaction\b|\bMISCONF Redis\b|\bCROSSSLOT Keys\b|\bCLUSTERDOWN\b",
        r"\b(?:MOVED|ASK) \d+ \S+:\d+",
        r"\bERR (?:unknown command|wrong number of arguments|value is not an integer|syntax error|no such key)",
        r"\b(?:ReplyError|Redis\w*(?:Error|Exception)|MaxRetriesPerRequestError)\b",
    ),
    "mappers": (
        r"\bPrismaClient\w*|\bInvalid `[\w.]*prisma\.|\bUnique constraint failed on the\b",
        r"\bSequelize\w*Error\b|\b(?:QueryFailed|EntityNotFound|EntityMetadataNotFound|KnexTimeout)Error\b|\bDrizzle\w*Error\b",
        r"\b(?:Hibernate|JDBC|LazyInitialization|DataIntegrityViolation|ConstraintViolation|OptimisticLock\w*|Persistence)"
        r"Exception\b|\bcould not (?:execute (?:statement|query|batch)|extract ResultSet)\b",
        r"\b\w+ matching query does not exist\b",
        r"\bsqlalchemy\.|\bBackground on this error at\b|\[SQL: |\[parameters: ",
        r"\b(?:Integrity|Operational|Programming|Interface|Database|NotSupported)Error\b[:(]",
        r"\bgorm\.\w|\bEcto\.\w|\b(?:Postgrex|MyXQL)\.\w|\berror returned from database\b|\bPDOException\b",
        r"\bDbUpdate(?:Concurrency)?Exception\b|\ban error occurred while saving the entity changes\b",
    ),
    "connections": (
        r"\b(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|ENOENT|EACCES)\b",
        r"\bdial (?:tcp|unix|udp) \S+|\bConnection refused \(os error \d+\)",
        r"\bcould not connect to server: |\bCan't connect to (?:local )?(?:MySQL|MariaDB)\b",
        r"\bHikariPool\b|\bQueuePool limit\b|\bconnection pool exhausted\b",
    ),
}
_ERRORS_OF_PROGRAMS: Final = (
    rf"{_B}(?:Type|Reference|Range|Syntax|Eval|Key|Attribute|Index|Name|ZeroDivision|Recursion|Import|ModuleNotFound|"
    r"UnboundLocal|UnicodeDecode|UnicodeEncode|NotImplemented|Assertion|NoMethod|FrozenError|FunctionClause|Arithmetic|"
    r"ArgumentCount|Undefined|BadMap|Match|CaseClause|Runtime)Error\b(?:: |\(| in\b)",
    r"\b(?:NullPointer|NullReference|IllegalState|IllegalArgument|ClassCast|IndexOutOfRange|ArrayIndexOutOfBounds|"
    r"IndexOutOfBounds|ArgumentNull|InvalidOperation|InvalidCast|KeyNotFound|NumberFormat|StackOverflow|OutOfMemory|"
    r"ConcurrentModification|UnsupportedOperation|DivideByZero|Arithmetic|NoSuchElement|FormatException|BadMethodCall)"
    r"(?:Exception|Error)\b",
)
"""Names of what only a mistake in a program raises."""
_NAMES: Final = (
    r"\b[A-Z][A-Za-z]*[a-z](?:Error|Exception)\b",
    r"(?<![\w./:@-])[a-z_][\w-]*\.(?:py|js|ts|java|go|rb|php|cs|rs|exs?|kt|swift|cpp)\b",
    r"(?<![\w:/.])(?:/[\w.@-]+){2,}\.(?:py|js|ts|java|go|rb|php|cs|rs|exs?|kt|swift|cpp)\b",
    r"\bTraceback\b",
    r"\bUnexpected token .{1,40} in JSON\b|\binto Go (?:value|struct)\b|\bPath: \$\S* \| LineNumber: ",
)
"""What an answer may name (`TokenExpiredError` is a code), but who only tells that the server failed has no need to."""


def _any(*tables: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{line})" for table in tables for line in table))


_LINES: Final = (*_TRACE_LINES.values(), *_DATABASE_LINES.values(), _ERRORS_OF_PROGRAMS)
TRACES: Final = _any(*_LINES)
"""A trace, or the error of a database: no refusal carries one."""
EVERYTHING: Final = _any(*_LINES, _NAMES)
"""Also the names of exceptions and files: no sentence that says no more than that the server failed has one."""
_MOST: Final = 20_000
"""Characters that are looked at."""


def shown(value: Any, of: re.Pattern[str] = TRACES) -> str:
    """The first of it in a text, or in any text of a JSON value; empty where there is none."""
    found = of.search(text_of(value)[:_MOST])
    return found[0].strip() if found else ""


def text_of(value: Any) -> str:
    """All texts of a JSON value, one a line, with the ends of their lines as such."""
    return "\n".join(_texts(value)).replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\n").replace('\\"', '"')


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            waiting += reversed([part for item in found.items() for part in item])
        elif isinstance(found, list | tuple):
            waiting += reversed(found)
        elif found is not None and not isinstance(found, bool):
            yield str(found)
