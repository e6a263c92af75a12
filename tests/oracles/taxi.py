#!/usr/bin/env python3
"""taxi.py STORE 'CSV GLOB': the taxi store equals this computation bit for bit (issue: "cell by cell")."""

import datetime
import sys

import numpy as np

import oracle

LANDMARKS = {
    "jfk": (-73.7822222222, 40.6441666667),
    "ewr": (-74.175, 40.69),
    "lga": (-73.87, 40.77),
    "downtown": (-74.0063889, 40.7141667),
}


def keep(row):
    lons = [row["pickup_longitude"], row["dropoff_longitude"]]
    lats = [row["pickup_latitude"], row["dropoff_latitude"]]
    return (
        all(-76 <= x <= -72 for x in lons)
        and all(38 <= y <= 42 for y in lats)
        and 1 <= row["passenger_count"] <= 6
        and 0 < row["fare_amount"] < 250
        and lons[0] != lons[1]
        and lats[0] != lats[1]
    )


def features(row):
    time = row["pickup_datetime"]
    px, py = row["pickup_longitude"], row["pickup_latitude"]
    dx, dy = row["dropoff_longitude"], row["dropoff_latitude"]
    hour = time.hour
    weekday = (time.isoweekday() % 7 + 1) - 2  # Spark: Sunday 1
    night = 1 if 16 <= hour <= 20 and weekday < 5 else 0
    late = 1 if hour <= 6 or hour >= 20 else 0
    far_x, far_y = abs(dx - px), abs(dy - py)
    out = [px, py, dx, dy, time.day, hour, weekday, time.isocalendar()[1], time.month, (time.month - 1) // 3 + 1,
           time.year, night, late, far_x, far_y, far_x + far_y]
    for x, y in ((px, py), (dx, dy)):
        out += [abs(x - lon) + abs(y - lat) for lon, lat in LANDMARKS.values()]
    return [float(v) for v in out]


def parse(fields):
    row = {k: float(v) for k, v in fields.items() if k.endswith("tude") or k == "fare_amount"}
    row["passenger_count"] = int(fields["passenger_count"])
    row["pickup_datetime"] = datetime.datetime.strptime(fields["pickup_datetime"], "%Y-%m-%d %H:%M:%S UTC")
    return row


def main():
    store, pattern = sys.argv[1:3]
    job_seed = 42
    split_seed = oracle.purpose_seed(job_seed, "split", "parts")
    parts = {"train": [], "test": []}
    for row_id, fields in oracle.read_rows(oracle.files_of(pattern)):
        row = parse(fields)
        if keep(row):
            part = oracle.split_of(oracle.h64(split_seed, oracle.id_bytes(row_id)), {"train": 9, "test": 1})
            parts[part].append((row_id, row))
    got = oracle.Store(store)
    ok = True
    for part, rows in parts.items():
        rows = oracle.shuffled(rows, job_seed)
        if not rows:
            ok &= got.rows(part) == 0
            continue
        want = np.array([features(row) for _, row in rows], dtype=np.float64)
        ok &= oracle.same_bits(f"taxi.{part}.features", got.split(part, "features"), want)
        fares = np.array([row["fare_amount"] for _, row in rows], dtype=np.float64)
        ok &= oracle.same_bits(f"taxi.{part}.fare", got.split(part, "fare"), fares)
    oracle.finish(ok)


main()
