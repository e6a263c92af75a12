"""Rules for comments: every function of a header has its own, every file says what it holds."""

import os
import re

import lint_c

# What a comment must hold more than: the name of the file that the function is in.
FILE_NAME = re.compile(r"/\*\s*[\w/]+\.[ch]:?\s*\*/|//\s*[\w/]+\.[ch]:?\s*")


class Comments:
    """Comments with words in them, by the line above which or behind which they stand."""

    def __init__(self, source):
        self.above, self.behind = {}, {}
        for match in lint_c.NOISE.finditer(source.text):
            if match.group(0)[0] != "/" or FILE_NAME.fullmatch(match.group(0)):
                continue
            first = source.line(match.start())
            if source.text[source.starts[first - 1] : match.start()].strip() == "":
                self.above[source.line(match.end() - 1) + 1] = match.group(0)
            else:
                self.behind[first] = match.group(0)

    def of(self, first_line, last_line):
        return self.above.get(first_line, "") + self.behind.get(last_line, "")


def declared_name(unit):
    """The function that a file-scope statement declares, or None."""
    words = [t for t, _ in unit.tokens]
    if words[0] in ("typedef", "_Static_assert") or "(" not in words or "{}" in words or lint_c.is_variable(unit.tokens):
        return None
    return words[words.index("(") - 1]


def check_functions(source):
    """A comment above the function or behind its last line; it says Collective or not where the opening one leaves that open."""
    comments = Comments(source)
    opening = lint_c.NOISE.match(source.text)
    is_settled = opening is not None and "ollective" in opening.group(0)
    for unit in lint_c.units(source):
        name = unit.name if unit.kind == "function" else declared_name(unit)
        if name is None:
            continue
        first = unit.first if unit.kind == "function" else unit.tokens[0][1]
        own = comments.of(source.line(first), source.line(unit.tokens[-1][1]))
        if not own:
            yield source.found(first, f"{name} has no comment of its own: what it does, units, ownership, errors, Collective or not")
        elif not is_settled and "ollective" not in own:
            yield source.found(first, f"{name}: its comment, or the header's first one for all, says Collective or Not collective")


def check_opening(source):
    """A .c file says at its top what it holds, unless the header of its name does."""
    if source.path.endswith(".c") and not source.text.startswith("/*") and not os.path.exists(source.path[:-1] + "h"):
        yield source.path, 1, "a .c file without a header of its name opens with a comment that says what it holds"


def check(path, text):
    """Findings (path, line, message) of one file of lib/ or apps/."""
    if not path.startswith(("lib/", "apps/")) or not path.endswith((".c", ".h")):
        return
    source = lint_c.Source(path, text)
    # X_body.h is code that several .c files include, each with macros of its own.
    if path.endswith(".h") and path.startswith("lib/") and not path.endswith("_body.h"):
        yield from check_functions(source)
    yield from check_opening(source)
