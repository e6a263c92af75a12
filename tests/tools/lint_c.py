"""Rules for C sources: layering, third-party headers, banned calls, size, complexity, mutable state."""

import bisect
import re

LEVELS = {
    0: ["base"],
    1: ["column", "comm", "storage"],
    2: ["expr", "formats", "spill"],
    3: ["ops", "sql", "features", "shuffle", "store"],
    4: ["stage"],
    5: ["build", "observe"],
    6: ["job"],
}
LEVEL_OF = {room: level for level, rooms in LEVELS.items() for room in rooms}

# Third-party header -> where it may be included: a room or a file.
THIRD_PARTY = [
    (r"cjson/cJSON\.h", ["lib/base/json.c"]),
    (r"xxhash\.h", ["lib/base/hash.c"]),
    (r"mpi\.h", ["lib/comm/", "tests/bench/bench_exchange.c"]),
    (r"curl/.*|openssl/.*", ["lib/storage/"]),
    (r"sleef\.h|pcre2\.h|utf8proc\.h", ["lib/expr/"]),
    (r"zlib\.h|zstd\.h|zstd_errors\.h|snappy-c\.h|lz4.*\.h|brotli/.*", ["lib/formats/"]),
    (r"isa-l\.h|isa-l/.*", ["lib/formats/", "lib/store/"]),
    (r"pg_query\.h|pg_query/.*|protobuf/pg_query\.pb-c\.h|pg_query\.pb-c\.h", ["lib/sql/"]),
    (r"hdf5\.h|libdeflate\.h", ["lib/store/"]),
    (r"CUnit/.*", ["tests/"]),
]
SYSTEM = re.compile(
    r"(ctype|errno|float|inttypes|limits|locale|math|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|strings|time|signal"
    r"|fcntl|malloc|ftw|unistd|dirent|fnmatch|dlfcn|link|poll|sched|spawn|pwd|termios|endian|getopt|pthread|immintrin|cpuid|stdalign"
    r"|sys/(types|stat|mman|wait|time|resource|uio|vfs|statvfs|statfs|file|ioctl|prctl|utsname|socket|sendfile|sysinfo|random))\.h"
    r"|linux/(magic|fs|falloc)\.h"
)

STRINGS = "strcpy strcat sprintf vsprintf strtok gets stpcpy alloca".split()
NUMBERS = "atoi atol atoll atof rand srand random srandom drand48".split()
ENDING = "exit _exit _Exit quick_exit abort assert system popen setjmp longjmp".split()
MEMORY = (
    "malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign valloc strdup strndup asprintf vasprintf"
).split()
PRINTING = "printf puts putchar vprintf".split()
CLOCKS = "localtime localtime_r mktime ctime asctime setlocale tzset".split()
MATH = (
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erfc exp exp2 exp10 expm1 fdim fma fmax fmin hypot ilogb j0 j1 jn"
    " lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan nearbyint nexttoward pow pow10 remainder remquo"
    " scalbln scalbn sin sincos sinh tan tanh tgamma y0 y1 yn"
).split()


def banned_table():
    table = {}
    for names, advice in (
        (STRINGS, "use a bounded call, mill_bytes or an arena"),
        (NUMBERS, "parse with an end pointer and a range check; take randomness from a seed"),
        (ENDING, "return a status: only apps/ ends the process"),
        (MEMORY, "use mill_mem, an arena or mill_bytes"),
        (PRINTING, "return text or use mill_log: only apps/ prints"),
        (CLOCKS, "time zones and locales of the machine must not reach the data"),
    ):
        table.update((name, advice) for name in names)
    for name in MATH:
        for spelling in (name, name + "f", name + "l"):
            table.setdefault(spelling, "libm differs by CPU: use expr/math")
            table.setdefault("__builtin_" + spelling, "libm differs by CPU: use expr/math")
    return table


BANNED = banned_table()
# Whole files where a group of calls is at home.
AT_HOME = {"lib/base/mem.c": MEMORY}
ALLOWED_IN_APPS = set(PRINTING) | {"exit", "_exit"}

# Calls on names of the local file system. What may be a URI goes through storage/storage.h instead.
LOCAL = set(
    "open open64 openat creat fopen freopen fdopen stat lstat fstatat access faccessat unlink unlinkat remove rename renameat"
    " renameat2 link symlink mkdir mkdirat rmdir opendir scandir nftw truncate readlink realpath statfs statvfs mkstemp mkdtemp"
    " mill_path_make_folders mill_path_remove_tree mill_path_exists H5Fopen H5Fcreate".split()
)
# Where they are at home, a room or a file, and why.
LOCAL_AT_HOME = {
    "lib/storage/": "the local backend",
    "lib/spill/": "scratch is local by definition",
    "lib/job/engine.c": "the memory limit in /sys",
    "lib/store/write/claim_local.c": "the lock of a local OUT",
    "lib/store/write/claim_mark.c": "the boot id in /proc",
    "lib/store/write/commit.c": "a local OUT: the manifest is renamed in",
    "lib/store/write/folder.c": "a local OUT: files are moved in and flushed",
    "lib/store/file.c": "shards are made in scratch or in a local OUT",
    "lib/store/h5.c": "shards are made by HDF5 in local files, and read through a driver over storage",
    "apps/rankmill/launch.c": "/proc and /sys",
}

LIMIT_FUNCTION_LINES = 80
LIMIT_COMPLEXITY = 25
LIMIT_FILE_LINES = 900

NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.M)
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|&&|\|\||->|[-+*/%&|^!<>=]=|\S")
BRANCHES = {"if", "for", "while", "case", "&&", "||", "?"}


def blank(match):
    """Same length in lines and columns; a string stays a string so that tokens keep their neighbours."""
    text = match.group(0)
    kept = re.sub(r"[^\n]", " ", text)
    return kept if text[0] == "/" else '"' + kept[2:] + '"' if len(text) > 1 else kept


class Source:
    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.code = NOISE.sub(blank, text)
        self.starts = [0] + [m.end() for m in re.finditer("\n", text)]
        self.directives = [(m.start(), m.group(0)) for m in DIRECTIVE.finditer(self.code)]
        plain = DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), self.code)
        self.tokens = [(m.group(0), m.start()) for m in TOKEN.finditer(plain)]

    def line(self, offset):
        return bisect.bisect_right(self.starts, offset)

    def found(self, offset, message):
        return self.path, self.line(offset), message


def matching_open(tokens, at):
    depth = 0
    while at >= 0:
        depth += {")": 1, "(": -1}.get(tokens[at][0], 0)
        if depth == 0:
            return at
        at -= 1
    return -1


def function_name(tokens, brace):
    """Index of the name of the function whose body opens at tokens[brace], or None when it is no function."""
    at = brace - 1
    while at > 0 and tokens[at][0] == ")":
        name = matching_open(tokens, at) - 1
        if name < 0 or not re.match(r"[A-Za-z_]", tokens[name][0]):
            return None
        if tokens[name][0] != "__attribute__":
            return None if tokens[name][0] in ("struct", "union", "enum") else name
        at = name - 1
    return None


class Unit:
    """A function body or a file-scope statement."""

    def __init__(self, kind, tokens, name="", first=0, last=0):
        self.kind, self.tokens, self.name, self.first, self.last = kind, tokens, name, first, last


def units(source):
    """Cuts the token stream into function bodies and file-scope statements (braces inside collapsed to `{}`)."""
    tokens, statement, at = source.tokens, [], 0
    while at < len(tokens):
        text, offset = tokens[at]
        if text == "{":
            name = function_name(tokens, at)
            is_function = name is not None and not any(t == "=" for t, _ in statement)
            end, depth = at, 0
            while end < len(tokens):
                depth += {"{": 1, "}": -1}.get(tokens[end][0], 0)
                if depth == 0:
                    break
                end += 1
            if is_function:
                last = tokens[min(end, len(tokens) - 1)][1]
                yield Unit("function", tokens[at : end + 1], tokens[name][0], statement[0][1], last)
                statement = []
            else:
                statement.append(("{}", offset))
            at = end
        elif text == ";":
            if statement:
                yield Unit("statement", statement)
            statement = []
        else:
            statement.append((text, offset))
            following = tokens[at + 1][0] if at + 1 < len(tokens) else ""
            if text == ")" and following not in ("{", ";", "__attribute__", "=", ",", "(", "[") and is_invocation(statement):
                statement = []
        at += 1


def is_invocation(statement):
    """NAME(...) alone: a macro at file scope, which needs no semicolon."""
    return len(statement) > 2 and statement[1][0] == "(" and matching_open(statement, len(statement) - 1) == 1


def complexity(tokens):
    return 1 + sum(t in BRANCHES for t, _ in tokens)


def check_functions(source):
    for unit in units(source):
        if unit.kind != "function":
            continue
        lines = source.line(unit.last) - source.line(unit.first) + 1
        if lines > LIMIT_FUNCTION_LINES:
            yield source.found(unit.first, f"{unit.name} has {lines} lines; {LIMIT_FUNCTION_LINES} is the limit")
        score = complexity(unit.tokens)
        if score > LIMIT_COMPLEXITY:
            yield source.found(unit.first, f"{unit.name} has complexity {score}; {LIMIT_COMPLEXITY} is the limit")
    for offset, text in source.directives:
        if not re.match(r"\s*#\s*define\b", text) or not re.search(r"\b(if|for|while|switch|return)\b", text):
            continue
        name = re.match(r"\s*#\s*define\s+(\w+)", text).group(1)
        if text.count("\n") + 1 > LIMIT_FUNCTION_LINES:
            yield source.found(offset, f"macro {name} has more than {LIMIT_FUNCTION_LINES} lines")
        if complexity([(m.group(0), 0) for m in TOKEN.finditer(text)]) > LIMIT_COMPLEXITY:
            yield source.found(offset, f"macro {name} has complexity above {LIMIT_COMPLEXITY}")


def declarator(tokens):
    """Tokens up to the initialiser, without brackets, bodies and attributes; a function pointer's `(* const f)` is kept."""
    out, depth, at = [], 0, 0
    while at < len(tokens):
        text = tokens[at][0]
        if text == "=" and depth == 0:
            break
        following = tokens[at + 1][0] if at + 1 < len(tokens) else ""
        if text in "([" and not (text == "(" and depth == 0 and following == "*"):
            depth += 1
        elif text in ")]" and depth > 0:
            depth -= 1
        elif depth == 0 and text not in ("(", ")", "{}", "__attribute__"):
            out.append(text)
        at += 1
    return out


def is_constant(words):
    if "*" in words:
        words = words[len(words) - words[::-1].index("*") :]
    return "const" in words


def is_variable(tokens):
    words = [t for t, _ in tokens]
    if words[0] in ("typedef", "_Static_assert", "__extension__"):
        return False
    if "=" in words:
        return True
    if "(" in words:
        return words[words.index("(") + 1] == "*"
    if "{}" in words:
        return bool(declarator(tokens[words.index("{}") + 1 :]))
    plain = [w for w in declarator(tokens) if w not in ("static", "extern", "const", "struct", "union", "enum", "inline")]
    return len(plain) > 1


def check_state(source):
    in_app = source.path.startswith("apps/")
    for unit in units(source):
        if unit.kind == "statement" and is_variable(unit.tokens):
            candidates = [unit.tokens]
        elif unit.kind == "function":
            candidates = local_statics(unit.tokens)
        else:
            continue
        for tokens in candidates:
            words = declarator(tokens)
            if is_constant(words) or (in_app and "sig_atomic_t" in words):
                continue
            yield source.found(tokens[0][1], f"mutable static state `{' '.join(words)}`: pass it as context, or make it const")


def local_statics(tokens):
    for at, (text, _) in enumerate(tokens):
        if text == "static":
            end = at
            while end < len(tokens) and tokens[end][0] not in (";", "="):
                end += 1
            yield tokens[at:end]


def check_calls(source):
    allowed = set(AT_HOME.get(source.path, ()))
    if source.path.startswith("apps/"):
        allowed |= ALLOWED_IN_APPS
    is_local = any(source.path.startswith(home) for home in LOCAL_AT_HOME)
    code = [(m.group(0), m.start()) for m in TOKEN.finditer(source.code)]
    for (before, _), (text, offset), (after, _) in zip([("", 0)] + code, code, code[1:]):
        if text in BANNED and after == "(" and before not in (".", "->") and text not in allowed:
            yield source.found(offset, f"{text} is banned: {BANNED[text]}")
        if text in LOCAL and after == "(" and before not in (".", "->") and not is_local:
            yield source.found(offset, f"{text} takes local paths only: go through storage/storage.h")
        if text == "MPI_COMM_WORLD" and not source.path.startswith("lib/comm/"):
            yield source.found(offset, "MPI_COMM_WORLD belongs to lib/comm")


def room_of(path):
    match = re.match(r"lib/(\w+)/", path)
    return match.group(1) if match else None


def check_own_include(source, offset, name):
    room, other = room_of(source.path), name.split("/")[0]
    if "/" not in name:
        if name == "rankmill.h" and room not in (None, "job"):
            yield source.found(offset, "rankmill.h is the public face: only job/ and what uses the library include it")
        elif source.path.startswith("lib/") and name != "rankmill.h":
            yield source.found(offset, f'write "{room}/{name}": includes are relative to lib/')
        return
    if room is None or other == room:
        return
    if other not in LEVEL_OF:
        yield source.found(offset, f"{other} is no room of the layering table")
    elif LEVEL_OF[other] >= LEVEL_OF[room]:
        yield source.found(
            offset, f"layering: {room} (level {LEVEL_OF[room]}) must not include {other} (level {LEVEL_OF[other]})"
        )


def check_includes(source):
    room = room_of(source.path)
    if source.path.startswith("lib/") and room is not None and room not in LEVEL_OF:
        yield source.path, 1, f"lib/{room} is no room of the layering table"
        return
    for match in re.finditer(r'^[ \t]*#\s*include\s*([<"])([^>"]+)[>"]', source.text, re.M):
        offset, name = match.start(), match.group(2)
        if match.group(1) == '"':
            yield from check_own_include(source, offset, name)
            continue
        homes = [h for pattern, hs in THIRD_PARTY if re.fullmatch(pattern, name) for h in hs]
        if homes and not source.path.startswith(tuple(homes)):
            yield source.found(offset, f"<{name}> belongs to {' and '.join(homes)}")
        if not homes and not SYSTEM.fullmatch(name):
            yield source.found(offset, f"<{name}> is not in the tables of lint_c.py")


def check_header(source):
    expected = "MILL_" + re.sub(r"\W", "_", source.path[len("lib/") :]).upper()
    if source.path == "lib/rankmill.h":
        expected = "RANKMILL_H"
    if not source.text.startswith("/*"):
        yield source.path, 1, "a header opens with a comment that says what it is for"
    if not re.search(rf"^#ifndef {expected}$", source.text, re.M):
        yield source.path, 1, f"the include guard must be {expected}"
    if "ollective" not in source.text:
        yield source.path, 1, "a public header says Collective or Not collective"
    for unit in units(source):
        words = [t for t, _ in unit.tokens]
        if unit.kind == "statement" and words[0] == "mill_status" and "(" in words:
            name = words[words.index("(") - 1]
            if not re.match(r"mill_(\w+_)?fail", name):
                yield source.found(unit.tokens[0][1], f"{name} returns a status: declare it MILL_NODISCARD")


def closing_brace(code, at):
    """Where the brace at `at` ends; the length of the text where it never does."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, at):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return match.start()
    return len(code)


def check_type_switches(source):
    """What depends on a type names every type, so that the compiler (-Wswitch) finds the places that a new one must visit."""
    code = source.code
    for match in re.finditer(r"\bswitch\s*\(", code):
        opened = code.find("{", match.end())
        if opened < 0:
            continue
        body = code[opened : closing_brace(code, opened)]
        inner = re.sub(r"\bswitch\s*\([^{]*\{[^{}]*\}", "", body)
        if not re.search(r"\bcase\s+MILL_TYPE_", inner):
            continue
        if re.search(r"\bdefault\s*:", inner):
            yield source.found(match.start(), "a switch over types has no default: list every type, or look the fact up in mill_traits_of")
        if re.search(r"[?+*/%&|]", code[match.end() : opened]):
            yield source.found(match.start(), "a switch over types takes a mill_type_id, not an int: the compiler checks nothing else")
    for match in re.finditer(r"\[\s*MILL_TYPE_\w+\s*\]\s*=", code):
        yield source.found(match.start(), "an array by type id has holes for new types: a column of traits.c, or a switch without default")


def check_text(source):
    lines = source.text.count("\n")
    if lines > LIMIT_FILE_LINES:
        yield source.path, lines, f"{lines} lines; a file is one idea, {LIMIT_FILE_LINES} is the limit"
    for match in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", source.text):
        yield source.found(match.start(), f"{match.group(1)}: finish it, or refuse with MILL_NOT_YET")
    for match in re.finditer(r"(/\*|//)\s*[-=*#~]{4,}", source.text):
        yield source.found(match.start(), "no decorative banners")


def check(path, text):
    """Findings (path, line, message) of one file. Tests are held to format and warnings only."""
    if not path.startswith(("lib/", "apps/")):
        return
    if re.search(r"\.(inc|def|cc|cpp|hpp|cxx)$", path):
        yield path, 1, "sources are .c and .h"
    if not path.endswith((".c", ".h")):
        return
    source = Source(path, text)
    for rule in (check_functions, check_state, check_calls, check_includes, check_type_switches, check_text):
        yield from rule(source)
    if path.endswith(".h") and path.startswith("lib/"):
        yield from check_header(source)
