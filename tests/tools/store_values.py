"""What store_write.c writes into a store, from the number of a row; twin of unit/store_fixture.h."""

FIRST_WITH_NULLS = 6  # among all datasets


def number(row, feature):
    if row % 11 == 5 and feature == 0:
        return float("nan")
    if row % 13 == 6:
        return -0.0
    return (row * 3 + feature) * 0.25 - 100


def is_null(dataset, row):
    return dataset >= FIRST_WITH_NULLS and (row + 3 * dataset) % 7 == 0
