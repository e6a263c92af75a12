/* The list of formats, here above all rooms so that a format may live in any of them. */
#include "job/formats.h"

#include "formats/csv/csv.h"
#include "store/source/source.h"

static const mill_format *const items[] = {&mill_csv_format, &mill_tsv_format, &mill_store_format};

static const char *const later_names[] = {"jsonl", "parquet", "delta", NULL};
static const char *const later_functions[] = {"read_parquet", "read_json", "read_delta", NULL};
static const char *const later_endings[] = {".parquet", ".jsonl",   ".ndjson", ".json", ".h5",   ".hdf5",
                                            ".arrow",   ".feather", ".orc",    ".avro", ".xlsx", NULL};

const mill_formats mill_known_formats = {
    items, sizeof items / sizeof items[0], later_names, later_functions, later_endings,
};
