"""Each check of docs.py against a tree where something is missing or made up: prints ok / not ok lines."""

import os
import sys
import tempfile

import docs

D, JOB, CLI, SQL, ARCH = (f"docs/{n}.md" for n in ("definitions", "job-file", "cli", "sql", "architecture"))

# name, file, what is replaced, by what, part of a finding that must then be there
STATIC = [
    ("d_number", "lib/store/row_hash.h", "D5", "D" "77", "cites D77"),
    ("d_section", D, "## D13. ", "## Claims. ", "cites D13"),
    ("architecture_section", ARCH, "## 4. ", "## Four. ", "cites architecture §4"),
    ("page_with_section", "lib/store/row_hash.h", "D5", "interface §2", "cites \"interface §2\""),
    ("page_over_lines", "lib/store/row_hash.h", "D5", "interface\n * §2", "cites \"interface §2\""),
    ("page", "lib/store/row_hash.h", "D5", "styleguide.md", "names styleguide.md"),
    ("link_file", "docs/README.md", "(store.md)", "(shop.md)", "links to shop.md"),
    ("link_anchor", JOB, "](definitions.md#d10-csv)", "](definitions.md#d10-tsv)", "no such heading"),
    ("function", ARCH, "`mill_stage_run`", "`mill_stage_ran`", "names mill_stage_ran"),
    ("type", ARCH, "`mill_mem`", "`mill_memo`", "names mill_memo"),
    ("path", D, "`lib/spill/marker.h`", "`lib/spill/remark.h`", "names lib/spill/remark.h"),
    ("source_file", "lib/README.md", "`status.h`", "`state_of.h`", "names state_of.h"),
    ("make_target", ARCH, "`make deps`", "`make depots`", "names make depots"),
    ("type_id", D, "7 uint16", "7 uint61", "type id 7"),
    ("magic", D, "`MSPL`", "`MSPX`", "magic MSPX"),
    ("manifest_key_missing", D, "| `partial` |", "| partial |", "the manifest's key \"partial\""),
    ("manifest_key_extra", D, "| `partial` |", "| `partial`, `parts` |", "the key \"parts\""),
    ("key_missing", JOB, "| `optional` |", "| optional |", "Sources, key optional: not documented"),
    ("key_extra", JOB, "| `optional` |", "| `optional`, `obligatory` |", "key obligatory: documented, and there is none"),
    ("csv_option_missing", JOB, "| `comment` |", "| comment |", "option comment: not documented"),
    ("split_key_missing", JOB, "| `by` | key", "| by | key", "Steps, key by"),
    ("store_key_missing", JOB, "| `path` | `${out}`", "| path | `${out}`", "Store, key path"),
    ("tensor_key_missing", JOB, "| `role` |", "| role |", "Tensors, key role"),
    ("root_key_extra", JOB, "| `out` | where", "| `out`, `outer` | where", "Top level, key outer"),
    ("room_table", ARCH, "| 2 | `spill/`", "| 1 | `spill/`", "spill/ on level 2: missing"),
    ("room_picture", "docs/rooms.svg", ">stage/<", ">stagy/<", "stagy/ on level 4: not what lint enforces"),
    ("room_readme", "lib/README.md", "| 5 | `build/`", "| 5 | build", "build/ on level 5: missing"),
    ("frame_offset", D, "| 24 | 8 | bytes of the whole frame", "| 24 | 4 | bytes of the whole frame", "Frames: offsets"),
    ("spill_offset", D, "| 16 | 8 | records", "| 17 | 8 | records", "Spill files: offsets"),
    ("format_home", D, "`lib/spill/file.c`", "the code", "Spill files: offsets"),
    ("variable_missing", CLI, "| `RANKMILL_SIMD` |", "| |", "variable RANKMILL_SIMD: not documented"),
    ("variable_extra", CLI, "| `RANKMILL_SIMD` |", "| `RANKMILL_SIMD`, `RANKMILL_SIDE` |", "variable RANKMILL_SIDE: documented"),
    ("bad_reason", D, "`open_quote`", "open quote", "the reason \"open_quote\""),
]

DYNAMIC = [
    ("command_missing", docs.check_commands, CLI, "| [`verify STORE`](#verify)", "| [verify STORE](#verify)", "sub-command verify"),
    ("command_extra", docs.check_commands, CLI, "| [`help [TOPIC]`](#help)", "| [`serve`](#help)", "sub-command serve"),
    ("option_missing", docs.check_commands, CLI, "| `--fail-fast` |", "| |", "run --fail-fast is not documented"),
    ("option_of_two", docs.check_commands, CLI, "`--null TEXT`", "", "query --null is not documented"),
    ("option_extra", docs.check_commands, CLI, "| `--fail-fast` |", "| `--fail-fast`, `--fail-slow` |", "run --fail-slow"),
    ("option_argument", docs.check_commands, CLI, "`--limit-rows N` | reads", "`--limit-rows ROWS` | reads", "--limit-rows takes N"),
    ("common_missing", docs.check_commands, CLI, "| `--scratch DIR` |", "| |", "--scratch is not documented"),
    ("common_extra", docs.check_commands, CLI, "| `--scratch DIR` |", "| `--scratch DIR`, `--itch DIR` |", "--itch is documented"),
    ("not_yet_command", docs.check_commands, CLI, "**Not yet**: `profile`", "**Not yet**: `query`", "query is called not yet"),
    ("exit_code", docs.check_commands, CLI, "75 interrupted", "76 interrupted", "exit codes"),
    ("exit_code_table", docs.check_commands, D, "| 4 | `verify`", "| 5 | `verify`", "exit codes"),
    ("function_missing", docs.check_functions, SQL, "`translate` ", "", "translate is not listed"),
    ("function_extra", docs.check_functions, SQL, "`translate` ", "`translate` `transmute` ", "transmute is listed"),
    ("operator_missing", docs.check_functions, SQL, "| `\\|\\|` |", "| |", "|| is not listed"),
    ("function_not_yet", docs.check_functions, SQL, "`string_agg`,", "`lower`,", "lower is called not yet"),
    ("step_missing", docs.check_job_words, JOB, "| `sql_file` |", "| |", "step sql_file: not documented"),
    ("step_not_yet", docs.check_job_words, JOB, "`asof_join`,", "`split`,", "split is called not yet"),
    ("transform_missing", docs.check_job_words, JOB, "| `log1p` |", "| |", "transform log1p: not documented"),
    ("transform_extra", docs.check_job_words, JOB, "| `log1p` |", "| `log1p`, `log2p` |", "transform log2p"),
    ("transform_rule", docs.check_job_words, D, "| `log1p` | ln", "| ln", "D7 does not have the transform log1p"),
]

FENCE = "```"
# name, a page, whether it must fail
EXAMPLES = [
    ("script_ok", f"{FENCE}sh\necho 1\n{FENCE}\n{FENCE}text\n1\n{FENCE}\n", False),
    ("script_fails", f"{FENCE}sh\nfalse\necho 1\n{FENCE}\n", True),
    ("script_prints", f"{FENCE}sh\necho 1\n{FENCE}\n\n{FENCE}text\n2\n{FENCE}\n", True),
    ("query_fails", f"{FENCE}sh\nrankmill query 'SELECT nope'\n{FENCE}\n", True),
    ("job_fails", f'{FENCE}jsonc\n// a.json\n{{ "sources": {{}}, "stroe": {{}} }}\n{FENCE}\n', True),
    ("job_ok", f"{FENCE}sh\nprintf 'a\\n1\\n' >a.csv\n{FENCE}\n"
               f'{FENCE}jsonc\n// a.json\n{{ "sources": {{ "t": {{ "path": "a.csv" }} }}, "store": {{ "from": "t", "keep": ["a"] }} }}\n{FENCE}\n', False),
]


def changed(tree, path, old, new):
    text = tree.text(path)
    return tree.but(path, text.replace(old, new)) if old in text else None


def verdict(name, good, why=""):
    print(f"ok docs_test.{name}" if good else f"not ok docs_test.{name}: {why}")
    return not good


def main():
    whole, binary, bad = docs.Tree(), os.path.abspath(sys.argv[1]), 0
    for name, path, old, new, wanted in STATIC:
        tree = changed(whole, path, old, new)
        found = docs.static_findings(tree) if tree else []
        bad += verdict(name, any(wanted in m for _, m in found), f"{path} has no {old!r}" if tree is None else f"found {found}")
    for name, check, path, old, new, wanted in DYNAMIC:
        tree = changed(whole, path, old, new)
        found = list(check(tree, binary)) if tree else []
        bad += verdict(name, any(wanted in m for _, m in found), f"{path} has no {old!r}" if tree is None else f"found {found}")
    for name, page, must_fail in EXAMPLES:
        tree = whole.but("docs/x.md", page)
        with tempfile.TemporaryDirectory() as folder:
            failed = [p for _, p in docs.Examples(tree, binary, folder).page("docs/x.md") if p is not None]
        bad += verdict(name, bool(failed) == must_fail, f"problems: {failed}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
