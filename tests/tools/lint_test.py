"""Each rule of lint_c.py against a snippet that breaks it and one that does not: prints ok / not ok lines."""

import sys

import lint
import lint_c
import lint_comments
import lint_rooms

LONG = "void f(void)\n{\n" + "\tg();\n" * 80 + "}\n"
BRANCHY = "void f(int a)\n{\n" + "\tif (a)\n\t\tg();\n" * 25 + "}\n"
HEADER = "/* Not collective. */\n#ifndef MILL_BASE_X_H\n#define MILL_BASE_X_H\n%s#endif\n"
SWITCH = "int f(mill_type t)\n{\n\tswitch (%s) {\n\tcase MILL_TYPE_NULL: return 1;\n\tcase MILL_TYPE_BOOL: break;\n%s\t}\n\treturn 0;\n}\n"

# name, path, text, part of the message (None: no finding), line
CASES = [
    ("length", "lib/base/x.c", LONG, "f has 83 lines", 1),
    ("length_ok", "lib/base/x.c", LONG.replace("\tg();\n", "", 3), None, 0),
    ("complexity", "lib/base/x.c", BRANCHY, "f has complexity 26", 1),
    ("complexity_ok", "lib/base/x.c", BRANCHY.replace("\tif (a)\n\t\tg();\n", "", 1), None, 0),
    ("complexity_in_comment", "lib/base/x.c", "void f(void) { /* if if if && || */ g(\"if ? ? ?\"); }\n" * 9, None, 0),
    ("target_attribute", "lib/base/x.c", '__attribute__((target("arch=x86-64-v3"))) ' + LONG, "f has 83 lines", 1),
    ("macro_complexity", "lib/base/x.c", "#define M(a) " + "if (a) g(); \\\n" * 26 + "\n", "macro M has complexity", 1),
    ("file_length", "lib/base/x.c", "\n" * 901, "901 lines", 901),
    ("sibling", "lib/ops/x.c", '#include "sql/plan.h"\n', "layering: ops", 1),
    ("upwards", "lib/base/x.c", '\n#include "column/type.h"\n', "layering: base (level 0) must not include column", 2),
    ("downwards", "lib/ops/x.c", '#include "column/type.h"\n#include "ops/op.h"\n', None, 0),
    ("unknown_room", "lib/base/x.c", '#include "misc/x.h"\n', "misc is no room", 1),
    ("new_room", "lib/misc/x.c", "int f(void);\n", "lib/misc is no room", 1),
    ("bare_include", "lib/base/x.c", '#include "mem.h"\n', 'write "base/mem.h"', 1),
    ("app_includes_all", "apps/rankmill/x.c", '#include "job/job.h"\n', None, 0),
    ("third_party", "lib/ops/x.c", "#include <mpi.h>\n", "<mpi.h> belongs to lib/comm/", 1),
    ("third_party_home", "lib/comm/x.c", "#include <mpi.h>\n", None, 0),
    ("unknown_header", "lib/comm/x.c", "#include <jansson.h>\n", "not in the tables", 1),
    ("banned_call", "lib/base/x.c", "void f(void)\n{\n\texit(1);\n}\n", "exit is banned", 3),
    ("banned_in_macro", "lib/base/x.c", "#define F(x) malloc(x)\n", "malloc is banned", 1),
    ("banned_libm", "lib/expr/x.c", "double f(double x)\n{\n\treturn logf(x);\n}\n", "logf is banned", 3),
    ("allowed_libm", "lib/expr/x.c", "double f(double x)\n{\n\treturn sqrt(floor(x));\n}\n", None, 0),
    ("member_named_exit", "lib/expr/x.c", "void f(struct s *s)\n{\n\ts->exit(1);\n\ts->p.free(2);\n}\n", None, 0),
    ("banned_word_in_string", "lib/expr/x.c", "const char *f(void)\n{\n\treturn \"exit(1)\";\n}\n", None, 0),
    ("mem_at_home", "lib/base/mem.c", "void f(void)\n{\n\tfree(g());\n}\n", None, 0),
    ("app_may_exit", "apps/rankmill/x.c", "void f(void)\n{\n\texit(1);\n}\n", None, 0),
    ("local_call", "lib/job/x.c", "int f(void)\n{\n\treturn open(g(), 0);\n}\n", "open takes local paths only", 3),
    ("local_call_at_home", "lib/spill/x.c", "int f(void)\n{\n\treturn open(g(), 0);\n}\n", None, 0),
    ("local_call_member", "lib/job/x.c", "int f(struct s *s)\n{\n\treturn s->open(s);\n}\n", None, 0),
    ("world", "lib/job/x.c", "int f(void)\n{\n\treturn g(MPI_COMM_WORLD);\n}\n", "belongs to lib/comm", 3),
    ("state", "lib/base/x.c", "\nstatic int count;\n", "mutable static state `static int count`", 2),
    ("state_array", "lib/base/x.c", "static const char *names[] = {\"a\"};\n", "mutable", 1),
    ("state_array_ok", "lib/base/x.c", "static const char *const names[] = {\"a\"};\n", None, 0),
    ("state_struct_table", "lib/base/x.c", "static const struct {\n\tint a;\n} t[] = {{1}, {2}};\n", None, 0),
    ("state_struct_mutable", "lib/base/x.c", "static struct {\n\tint a;\n} t;\n", "mutable", 1),
    ("state_function_pointer", "lib/base/x.c", "static int (*hook)(void) = g;\n", "mutable", 1),
    ("state_function_pointer_ok", "lib/base/x.c", "static int (*const hook[])(void) = {g, h};\n", None, 0),
    ("state_local", "lib/base/x.c", "int f(void)\n{\n\tstatic int n = 0;\n\treturn n++;\n}\n", "mutable", 3),
    ("state_after_macro", "lib/base/x.c", "MAKE(int)\nstatic int n;\n", "mutable", 2),
    ("state_extern", "lib/base/x.c", "extern int n;\n", "mutable", 1),
    ("state_types_ok", "lib/base/x.c", "struct a;\nenum e { A = 1 };\ntypedef int (*f)(int);\nint g(int *a);\n", None, 0),
    ("state_inline_ok", "lib/base/x.c", "static inline int f(void)\n{\n\tstatic const int a[] = {1};\n\treturn a[0];\n}\n", None, 0),
    ("state_signal_in_app", "apps/rankmill/x.c", "static volatile sig_atomic_t stop;\n", None, 0),
    ("nodiscard", "lib/base/x.h", HEADER % "mill_status mill_x(void);\n", "MILL_NODISCARD", 4),
    ("nodiscard_ok", "lib/base/x.h", HEADER % "MILL_NODISCARD mill_status mill_x(void);\nmill_status mill_json_fail(int);\n", None, 0),
    ("guard", "lib/base/x.h", "/* Not collective. */\n", "include guard must be MILL_BASE_X_H", 1),
    ("collective", "lib/base/x.h", (HEADER % "").replace("Not collective", "x"), "says Collective", 1),
    ("unfinished", "lib/base/x.c", "\n/* TO" + "DO later */\n", "finish it", 2),
    ("banner", "lib/base/x.c", "/* ----- parsing ----- */\n", "banners", 1),
    ("type_switch", "lib/ops/x.c", SWITCH % ("t.id", "\tdefault: break;\n"), "has no default", 3),
    ("type_switch_ok", "lib/ops/x.c", SWITCH % ("(mill_type_id)n", ""), None, 0),
    ("type_switch_in_app", "apps/rankmill/x.c", SWITCH % ("t->id", "\tdefault:\n\t\tbreak;\n"), "has no default", 3),
    ("type_switch_of_int", "lib/ops/x.c", SWITCH % ("a ? t.id : MILL_TYPE_BOOL", ""), "takes a mill_type_id", 3),
    ("type_switch_macro", "lib/ops/x.c", "#define CASE(id) case MILL_TYPE_##id: return 1;\n" + SWITCH % ("t.id", "\tdefault: break;\n"), "has no default", 4),
    ("type_switch_inner", "lib/ops/x.c", SWITCH % ("t.id", "\tcase MILL_TYPE_DATE:\n\t\tswitch (k) {\n\t\tdefault: break;\n\t\t}\n"), None, 0),
    ("other_switch", "lib/ops/x.c", "int f(int k)\n{\n\tswitch (k) {\n\tcase 1: return MILL_TYPE_BOOL;\n\tdefault: return MILL_TYPE_NULL;\n\t}\n}\n", None, 0),
    ("type_array", "lib/ops/x.c", "static const int bits[] = {\n    [MILL_TYPE_INT8] = 8,\n};\n", "holes for new types", 2),
    ("type_table", "lib/column/traits.c", "#define X(id, n) [MILL_TYPE_##id] = n,\n", None, 0),
    ("tests_are_free", "tests/unit/x.c", "static int n;\n" + LONG, None, 0),
]
# Comments: header of a room, what stands in it, part of the message (None: no finding), line
OPEN = HEADER.replace("Not collective", "Sums") + "\n"
COMMENTS = [
    ("comment_above", HEADER, "/* Adds. */\nint mill_x(void);\n", None, 0),
    ("comment_above_two_lines", HEADER, "/* Adds\n * two. */\nMILL_NODISCARD mill_status mill_x(int a,\n  int b);\n", None, 0),
    ("comment_behind", HEADER, "void mill_x(int a,\n            int b); /* adds */\n", None, 0),
    ("comment_none", HEADER, "int mill_x(void);\n", "mill_x has no comment", 4),
    ("comment_of_the_one_before", HEADER, "/* Adds. */\nint mill_x(void);\nint mill_y(void);\n", "mill_y has no comment", 6),
    ("comment_behind_the_one_before", HEADER, "int mill_x(void); /* adds */\nint mill_y(void);\n", "mill_y has no", 5),
    ("comment_inline", HEADER, "static inline int mill_x(void)\n{\n\treturn 1; /* one */\n}\n", "mill_x has no comment", 4),
    ("comment_inline_ok", HEADER, "/* One. */\nstatic inline int mill_x(void)\n{\n\treturn 1;\n}\n", None, 0),
    ("comment_gap", HEADER, "/* Adds. */\n\nint mill_x(void);\n", "mill_x has no comment", 6),
    ("comment_is_a_file_name", HEADER, "/* x.c */\nint mill_x(void);\n", "mill_x has no comment", 5),
    ("comment_not_for_types", HEADER, "typedef int (*mill_f)(void);\nstruct a;\nextern const int mill_n;\n", None, 0),
    ("comment_attribute", HEADER, "/* Fails. */\nint mill_x(const char *f, ...)\n    MILL_PRINTF(1, 2);\nint mill_y(void);\n", "mill_y", 7),
    ("collective_open", OPEN, "/* Adds. */\nint mill_x(void);\n", "mill_x: its comment, or", 5),
    ("collective_own", OPEN, "/* Adds. Collective. */\nint mill_x(void);\n", None, 0),
    ("opening", None, "int f(void);\n", "opens with a comment", 1),
    ("opening_ok", None, "/* Sums. */\nint f(void);\n", None, 0),
]

TEXTS = {
    "lib/base/a.h": "\n",
    "lib/base/a.c": '#include "base/a.h"\n',
    "lib/ops/b.h": '#include "base/a.h"\n#include "ops/c.h"\n',
    "lib/ops/c.h": "\n",
    "lib/ops/c.c": '#include "ops/b.h"\n',
}
# Folders: files added to these or put in their place, map, part of the message, path and line
ROOMS = [
    ("circle_in_a_room_ok", {}, "", None, "", 0),
    ("circle_of_rooms", {"lib/base/a.c": '#include "base/a.h"\n#include "ops/b.h"\n'}, "", "a circle", "lib/base/a.c", 2),
    ("circle_of_three", {"lib/base/a.c": '#include "sql/d.h"\n', "lib/sql/d.h": '#include "ops/c.h"\n'}, "", "a circle", "lib/sql/d.h", 1),
    ("circle_with_the_face", {"lib/face.h": '#include "ops/c.h"\n', "lib/ops/c.c": '#include "face.h"\n'}, "", "a circle", "lib/face.h", 1),
    ("folder_lines", {"lib/base/e.c": "\n" * 6500}, "", "6502 lines in one folder", "lib/base", 1),
    ("folder_lines_ok", {"lib/base/sub/e.c": "\n" * 6500}, "| 0 | `base/` | sums; why (`sub/`) |", None, "", 0),
    ("folder_unknown", {"lib/base/sub/e.c": "\n"}, "| 0 | `base/` | sums |\n| 1 | `ops/` | `sub/` |", "does not say what lib/base/sub/ is for", "lib/README.md", 1),
]


def check_comments():
    for name, header, text, message, line in COMMENTS:
        path = "lib/comm/x.c" if header is None else "lib/comm/x.h"
        found = list(lint_comments.check(path, text if header is None else header % text))
        yield name, found == [] if message is None else [at for _, at, m in found if message in m] == [line], found


def check_rooms():
    for name, more, map_text, message, path, line in ROOMS:
        found = list(lint_rooms.check({**TEXTS, **more}, map_text))
        yield name, found == [] if message is None else any(f[:2] == (path, line) and message in f[2] for f in found), found


# The bars go before use: this file passes its own check.
MACHINE_PATHS = [
    "cd /wo|rk/main", "/ro|ot/.cache", "see '/ho|me/me'", "HOME=/ro|ot", "file:///Us|ers/ann/x", 'open("/mn|t/disk/a.csv")',
    "C:\\Us|ers\\ann", "c:/Us|ers/ann", "\"D:\\\\Us|ers\\\\ann\"", "(/wo|rkspace/rankmill)", "/me|dia/stick", "/Vol|umes/x",
]
FINE_PATHS = [
    "--scratch, $TMPDIR, /tmp/x", "homework/x", "https://example.org/root/x", "${root}/root/x", "$tmp/work/a", "../work/a",
    '"$tmp"/home/a', "/usr/bin/env", "/etc/passwd", "/proc/self/maps", "/sys/fs", "/dev/null", "/store/tensors/x", "lib/home/x.c",
    "/rooted/x", "/root-like", "*/work/x",
]


def main():
    failed = 0
    for name, path, text, message, line in CASES:
        found = list(lint_c.check(path, text))
        good = found == [] if message is None else any(message in m and at == line for _, at, m in found)
        print(("ok" if good else "not ok") + " lint.rule." + name)
        if not good:
            failed += 1
            print("   ", found)
    for name, good, found in [*check_comments(), *check_rooms()]:
        print(("ok" if good else "not ok") + " lint.rule." + name)
        if not good:
            failed += 1
            print("   ", found)
    paths = [p.replace("|", "") for p in MACHINE_PATHS]
    good = all(list(lint.check_text("a", p)) for p in paths) and not any(list(lint.check_text("a", p)) for p in FINE_PATHS)
    good = good and list(lint.check_text("a", "x\nsee /srv/me/rankmill/x", ["/srv/me/rankmill"])) != []
    print(("ok" if good else "not ok") + " lint.rule.machine_paths")
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main())
