"""Random queries, run by rankmill as scripts, and their rows against those of another engine. Every query names its
columns c0, c1, …"""

import argparse
import collections
import csv
import io
import time


def options_of(doc, name, count):
    """What a tool that makes queries is given on the command line."""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    parser.add_argument("--command", default="build/rankmill")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1000000007)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--name", default=name)
    return parser.parse_args()


class QueryMaker:
    """What every maker of random queries needs."""

    def __init__(self, rng):
        self.rng = rng
        self.aliases = 0

    def pick(self, *choices):
        return self.rng.choice(choices)

    def alias(self):
        self.aliases += 1
        return f"t{self.aliases}"


class Engine:
    """rankmill, with what it is to run before every script, and one spelling of a value."""

    def __init__(self, rankmill, canonical, before=()):
        self.rankmill, self.canonical, self.before = rankmill, canonical, list(before)

    def run(self, queries):
        """Exit code, the rows of each query, stderr."""
        code, out, err = self.rankmill.script([*self.before, *queries])
        return code, self.results_of(out), err

    def results_of(self, text):
        results = []
        for row in csv.reader(io.StringIO(text)):
            if row and row[0] == "c0":
                results.append([])
            elif row and results:
                results[-1].append([self.canonical(v) for v in row])
        return results


def beyond(rows, others):
    """The first of the rows that others lack, each as often as it is missing."""
    left = collections.Counter(map(tuple, rows)) - collections.Counter(map(tuple, others))
    return [list(row) for row in left.elements()][:6]


def compare(engine, queries, expected):
    """Prints the queries whose rows differ; their number. One script runs all, or where that fails each runs alone. The
    order counts where there is a LIMIT."""
    code, results, _ = engine.run(queries)
    whole = code == 0 and len(results) == len(queries)
    wrong = 0
    for i, query in enumerate(queries):
        err, answer = "", results[i] if whole else None
        if not whole:
            code, answer, err = engine.run([query])
            answer = answer[0] if code == 0 and answer else None
        same = answer is not None and (answer == expected[i] if " LIMIT " in query else sorted(answer) == sorted(expected[i]))
        if not same:
            wrong += 1
            lacking, got = beyond(expected[i], answer or []), err.strip() if answer is None else beyond(answer, expected[i])
            print(f"    {query}\n      expected {lacking}\n      got      {got}" if lacking or got else f"    {query}\n      has its rows in another order")
    return wrong


def verdict(name, wrong):
    """The last line of a tool, and its exit code."""
    print(f"{'not ok' if wrong else 'ok'} {name}")
    return 1 if wrong else 0
