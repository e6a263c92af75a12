#!/usr/bin/env python3
"""Whole-process times of rankmill beside DuckDB on the same files, in turn (A B A B), best of BENCH_RUNS.

The taxi job shuffles and writes a store of float64 features; DuckDB's part reads the same files, computes the same columns
and writes them ordered by a hash to one uncompressed Parquet file, which is the nearest it has."""

import json
import os
import shutil
import subprocess
import sys
import time

import duckdb

ROWS = int(os.environ.get("BENCH_ROWS", 2_000_000))
RUNS = int(os.environ.get("BENCH_RUNS", 3))
MILL = "build/rankmill"
DATA = f"build/bench-data-{ROWS}"
THREADS = os.cpu_count() or 1

FEATURES = """
SELECT fare_amount, pickup_longitude, pickup_latitude, dropoff_longitude, dropoff_latitude, day(t) AS day, hour(t) AS h,
       dayofweek(t) AS dow, weekofyear(t) AS week, month(t) AS month, quarter(t) AS quarter, year(t) AS year,
       abs(dropoff_longitude - pickup_longitude) AS dlon, abs(dropoff_latitude - pickup_latitude) AS dlat,
       abs(pickup_longitude + 73.7822222222) + abs(pickup_latitude - 40.6441666667) AS jfk0,
       abs(dropoff_longitude + 73.7822222222) + abs(dropoff_latitude - 40.6441666667) AS jfk1,
       abs(pickup_longitude + 74.175) + abs(pickup_latitude - 40.69) AS ewr0,
       abs(dropoff_longitude + 74.175) + abs(dropoff_latitude - 40.69) AS ewr1,
       abs(pickup_longitude + 73.87) + abs(pickup_latitude - 40.77) AS lga0,
       abs(dropoff_longitude + 73.87) + abs(dropoff_latitude - 40.77) AS lga1,
       abs(pickup_longitude + 74.0063889) + abs(pickup_latitude - 40.7141667) AS down0,
       abs(dropoff_longitude + 74.0063889) + abs(dropoff_latitude - 40.7141667) AS down1
FROM (SELECT *, pickup_datetime::TIMESTAMP AS t FROM read_csv('{files}', header=true, columns={{
        'key': 'VARCHAR', 'fare_amount': 'DOUBLE', 'pickup_datetime': 'VARCHAR', 'pickup_longitude': 'DOUBLE',
        'pickup_latitude': 'DOUBLE', 'dropoff_longitude': 'DOUBLE', 'dropoff_latitude': 'DOUBLE',
        'passenger_count': 'INTEGER'}}))
WHERE pickup_longitude BETWEEN -76 AND -72 AND dropoff_longitude BETWEEN -76 AND -72
  AND pickup_latitude BETWEEN 38 AND 42 AND dropoff_latitude BETWEEN 38 AND 42
  AND passenger_count BETWEEN 1 AND 6 AND fare_amount > 0 AND fare_amount < 250
  AND pickup_longitude <> dropoff_longitude AND pickup_latitude <> dropoff_latitude
"""

GROUPS = {
    "q1": "SELECT id1, sum(v1) FROM {x} GROUP BY id1",
    "q2": "SELECT id1, id2, sum(v1) FROM {x} GROUP BY id1, id2",
    "q3": "SELECT id3, sum(v1), avg(v3) FROM {x} GROUP BY id3",
    "q4": "SELECT id4, avg(v1), avg(v2), avg(v3) FROM {x} GROUP BY id4",
    "q5": "SELECT id6, sum(v1), sum(v2), sum(v3) FROM {x} GROUP BY id6",
    "q6": "SELECT id4, id5, median(v3), stddev(v3) FROM {x} GROUP BY id4, id5",
    "q7": "SELECT id3, max(v1) - min(v2) FROM {x} GROUP BY id3",
    "q8": "SELECT id6, v3 FROM (SELECT id6, v3, row_number() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS r FROM {x}) t "
          "WHERE r <= 2",
    "q9": "SELECT id2, id4, power(corr(v1, v2), 2) FROM {x} GROUP BY id2, id4",
    "q10": "SELECT id1, id2, id3, id4, id5, id6, sum(v3), count(*) FROM {x} GROUP BY id1, id2, id3, id4, id5, id6",
}


def mill(*args):
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    subprocess.run([MILL, *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)


def duck(threads, sql):
    code = f"import duckdb; c = duckdb.connect(); c.sql('SET threads={threads}'); c.sql({sql!r})"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def best(*calls):
    times = [[] for _ in calls]
    for _ in range(RUNS):
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            times[i].append(time.perf_counter() - start)
    return [min(t) for t in times]


def line(name, a, b, size=None):
    rate = f"  {size / a / 1e6:7.0f} MB/s" if size else ""
    print(f"{name:<34} rankmill {a:7.2f} s   DuckDB {b:7.2f} s   ratio {b / a:5.2f}x{rate}", flush=True)


def query_case(name, sql, files, threads, size=None):
    ours = sql.format(x=f'"{files}"')
    theirs = f"COPY ({sql.format(x=repr(files))}) TO '/dev/null' (FORMAT csv)"
    a, b = best(lambda: mill("query", "-n", str(threads), "--format", "csv", ours), lambda: duck(threads, theirs))
    line(f"{name}, {threads} cores" if threads > 1 else f"{name}, 1 core", a, b, size)


def main():
    if not os.path.isdir(DATA):
        mill("datagen", "taxi", "--rows", str(ROWS), "--out", f"{DATA}/taxi")
        mill("datagen", "groupby", "--rows", str(ROWS), "--out", f"{DATA}/groupby")
    taxi, groupby = f"{DATA}/taxi/*.csv", f"{DATA}/groupby/*.csv"
    size = sum(os.path.getsize(f"{DATA}/taxi/{f}") for f in os.listdir(f"{DATA}/taxi"))
    print(f"rankmill beside DuckDB {duckdb.__version__}, {ROWS} rows, {size / 1e6:.0f} MB of taxi CSV, {THREADS} cores; "
          f"best of {RUNS} whole processes; a ratio above 1 means rankmill is faster. DuckDB's times include starting Python: the first line shows how much")
    line("start: SELECT 1, 1 core", *best(lambda: mill("query", "-n", "1", "SELECT 1"), lambda: duck(1, "COPY (SELECT 1) TO '/dev/null' (FORMAT csv)")))
    for threads in sorted({1, THREADS}):
        query_case("scan: count(*)", "SELECT count(*) FROM {x}", taxi, threads, size)
        query_case("scan: avg of five columns", "SELECT avg(fare_amount), avg(pickup_longitude), avg(pickup_latitude), "
                   "avg(dropoff_longitude), max(passenger_count) FROM {x}", taxi, threads, size)
        for name, sql in GROUPS.items():
            query_case(f"group-by {name}", sql, groupby, threads)

        def job(n=threads):
            shutil.rmtree("build/bench-store", ignore_errors=True)
            mill("run", "configs/nyctaxi.json", "-n", str(n), "--set", f"raw={taxi}", "--out", "build/bench-store")

        def peer(n=threads):
            rows = FEATURES.format(files=taxi)
            duck(n, f"COPY (SELECT * FROM ({rows}) ORDER BY hash(pickup_longitude, pickup_latitude, fare_amount)) "
                    "TO 'build/bench-peer.parquet' (FORMAT parquet, COMPRESSION uncompressed)")

        a, b = best(job, peer)
        line(f"taxi job, {threads} core{'s' if threads > 1 else ''}", a, b, size)
    with open("build/bench-store/manifest.json", encoding="utf-8") as file:
        print("content hash", json.load(file)["content_hash"])


main()
