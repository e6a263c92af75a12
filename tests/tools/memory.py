#!/usr/bin/env python3
"""usage: memory.py [--refused] BINARY ROWS BUDGET_MB RANKS…

Queries over data that is larger than the budget of a rank: each gives what it gives with ample memory, by spilling, in
resident memory near the budget, and leaves no scratch. --refused: then those that cannot be cut. Prints `ok NAME` or `not ok NAME` a case.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile

T = '"data/*.csv"'
QUERIES = {
    "groups": f"SELECT count(*) AS c, sum(n) AS n, sum(s) AS s, max(s) AS m FROM (SELECT id1, id3, id6, count(*) AS n, sum(v3) AS s "
    f"FROM {T} GROUP BY id1, id3, id6) t",
    "few_groups": f"SELECT id1, id2, sum(v1) AS v1, avg(v3) AS v3, stddev(v3) AS d FROM {T} GROUP BY id1, id2 ORDER BY id1, id2",
    "medians": f"SELECT count(*) AS c, sum(m) AS m FROM (SELECT id3, median(v3) AS m FROM {T} GROUP BY id3) t",
    "distinct": f"SELECT count(*) AS c, sum(id6) AS s FROM (SELECT DISTINCT id3, id6, v3 FROM {T}) t",
    "sort": f"SELECT id3, id6, v3 FROM {T} ORDER BY v3, id6",
    "join": f"SELECT count(*) AS n, sum(a.v1 + b.v2) AS s FROM {T} a JOIN {T} b ON a.id3 = b.id3 AND a.v3 = b.v3",
    "left_join": f"SELECT count(*) AS n, count(b.v2) AS m, sum(a.v1) AS s FROM {T} a "
    f"LEFT JOIN (SELECT * FROM {T} WHERE v1 = 1) b ON a.id3 = b.id3 AND a.v3 = b.v3",
    "windows": f"SELECT sum(r * v1) AS s, max(r) AS m FROM (SELECT v1, row_number() OVER (PARTITION BY id3 ORDER BY v3) AS r FROM {T}) t",
    "one_key": f"SELECT k, count(*) AS n, sum(v3) AS s, min(id3) AS a FROM (SELECT CASE WHEN v1 < 5 THEN 'most' ELSE id3 END AS k, "
    f"v3, id3 FROM {T}) t GROUP BY k ORDER BY n DESC, k LIMIT 10",
}

# What cannot be cut says which operator, exchange and bucket it was, and what to do.
REFUSED = {
    # The rows of a join, all in one group.
    "one_median": (r"bucket 0 of exchange aggregate .*group by: [0-9]* rows \([1-9][0-9]* MiB\) of one bucket do not fit.*--memory",
                   f"SELECT median(a.v3 + b.v3) AS m FROM {T} a JOIN {T} b ON a.id6 = b.id6"),
    "one_window": (r"bucket 0 of exchange window .*do not fit.*--memory",
                   f"SELECT sum(r) AS s FROM (SELECT row_number() OVER (ORDER BY v3) AS r FROM {T}) t"),
}


def run(binary, ranks, memory_mb, sql):
    """Exit code, hash of the result, messages, peak resident KiB of the largest process."""
    command = [binary, "query", "-n", str(ranks), "--scratch", "scratch", "--format", "csv", sql]
    if memory_mb:
        command += ["--memory-per-rank", f"{memory_mb}M"]
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:  # a process of its own, so that the peak is that of its children
        import resource

        os.close(read_end)
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        digest = hashlib.sha256(done.stdout).hexdigest()[:16]
        os.write(write_end, f"{done.returncode} {digest} {peak} {done.stderr.decode(errors='replace')[:2000]}".encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        code, digest, peak, messages = pipe.read().decode().split(" ", 3)
    os.waitpid(pid, 0)
    return int(code), digest, messages, int(peak)


def refused(binary, budget_mb):
    failed = 0
    for name, (pattern, sql) in REFUSED.items():
        done = subprocess.run([binary, "query", "-n", "2", "--memory-per-rank", f"{budget_mb}M", "--scratch", "scratch", sql],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        one_message = len(re.findall(r"^rankmill: ", done.stderr, re.M)) == 1 and re.search(pattern, done.stderr)
        good = done.returncode == 1 and not done.stdout and one_message and not os.listdir("scratch")
        failed += not good
        print(f"ok memory.refused.{name}" if good else
              f"not ok memory.refused.{name}: exit {done.returncode}\n{done.stdout[:300]}{done.stderr}{os.listdir('scratch')}", flush=True)
    return failed


def in_budget(binary, budget_mb, ranks):
    failed = 0
    base_kb = {r: run(binary, r, 0, "SELECT 1 AS a")[3] for r in ranks}
    for name, sql in QUERIES.items():
        code, wanted, messages, _ = run(binary, 1, 0, sql)
        if code != 0:
            print(f"not ok memory.{name}.ample: exit {code}: {messages}")
            failed += 1
            continue
        for r in ranks:
            code, digest, messages, peak_kb = run(binary, r, budget_mb, sql)
            over_mb = (peak_kb - base_kb[r]) / 1024
            why = []
            if code != 0 or messages:
                why.append(f"exit {code}: {messages}")
            elif digest != wanted:
                why.append("another result than with ample memory")
            if over_mb > 1.4 * budget_mb:
                why.append(f"{over_mb:.0f} MiB resident where {budget_mb} were allowed")
            if os.listdir("scratch"):
                why.append(f"scratch is left: {os.listdir('scratch')}")
            failed += bool(why)
            print(f"{'not ok' if why else 'ok'} memory.{name}.{r}ranks{': ' if why else ''}{'; '.join(why)}", flush=True)
            print(f"    {over_mb:.0f} MiB of {budget_mb}")
    return failed


def main():
    arguments = sys.argv[1:]
    with_refused = arguments[0] == "--refused"
    binary, rows, budget_mb, *ranks = arguments[with_refused:]
    binary = os.path.abspath(binary)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir("scratch")
        subprocess.run([binary, "datagen", "groupby", "--rows", rows, "--files", "3", "--seed", "3", "--out", "data", "-n", "1"],
                       check=True, capture_output=True)
        failed = in_budget(binary, int(budget_mb), ranks)
        if with_refused:
            failed += refused(binary, int(budget_mb))
        os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
