/* Parts of opening a CSV source: what one file says of itself, and the table that files make. Not collective. */
#ifndef MILL_FORMATS_CSV_DESCRIBE_H
#define MILL_FORMATS_CSV_DESCRIBE_H

#include "formats/csv/infer.h"

/* What opening found in one file. */
typedef struct mill_csv_description {
	mill_codec codec;
	int64_t data_start; /* as in mill_csv_table */
	int64_t lead_lines;
	int64_t file; /* of a file that fixes the columns: its ordinal and the columns' names */
	const char **names;
	int name_count; /* 0: it does not fix them */
	mill_csv_guess *guesses;
	int guess_count; /* 0, where nothing is left to guess, or as many as the columns */
} mill_csv_description;

/* Appends the description. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_description_put(const mill_csv_description *description, mill_bytes *out);
/* Reads one; names and guesses live in arena. MILL_DATA. Not collective. */
MILL_NODISCARD mill_status mill_csv_description_get(const mill_bytes_view *in, mill_arena *arena,
                                                    mill_csv_description *out, mill_error *err);

/* The columns of a source's files once their names are known. */
typedef struct mill_csv_columns {
	const char **names; /* NULL: not known */
	int count;
	const char *names_from; /* the file whose header they are, for messages */
	const int *declared_at; /* [count] index into the declared schema; −1: it is not declared */
} mill_csv_columns;

/* Columns by the header of a file that messages call names_from; all in arena but the names. MILL_USAGE: the schema
 * does not tell which column it means. Not collective. */
MILL_NODISCARD mill_status mill_csv_set_columns(const mill_format_source *source, const char **names, int count,
                                                const char *names_from, mill_arena *arena, mill_csv_columns *out,
                                                mill_error *err);
/* Columns without a header, of rows with `width` fields: called as declared, then column0, column1, … by position.
 * MILL_USAGE: the schema names one twice. Not collective. */
MILL_NODISCARD mill_status mill_csv_columns_by_position(const mill_format_source *source, int width,
                                                        const char *names_from, mill_arena *arena,
                                                        mill_csv_columns *out, mill_error *err);

/* Whether two of the names are the same, byte by byte. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_csv_has_repeated(const char **names, int count, mill_arena *arena, bool *out,
                                                 mill_error *err);

/* As mill_format.new_describer. Not collective. */
MILL_NODISCARD mill_status mill_csv_new_describer(const mill_format_source *source, const mill_bytes_view *first,
                                                  const mill_format_env *env, mill_format_describer **out,
                                                  mill_error *err);
/* As mill_format.describe. Not collective. */
MILL_NODISCARD mill_status mill_csv_describe(mill_format_describer *describer, int64_t file, mill_bytes *out,
                                             bool *fixes, mill_error *err);
/* As mill_format.free_describer. Not collective. */
void mill_csv_free_describer(mill_format_describer *describer);
/* As mill_format.unify. Not collective. */
MILL_NODISCARD mill_status mill_csv_unify(const mill_format_source *source, const mill_bytes_view *descriptions,
                                          const mill_format_env *env, mill_format_table **out, mill_error *err);
/* As mill_format.put. Not collective. */
MILL_NODISCARD mill_status mill_csv_put(const mill_format_table *table, mill_bytes *out);
/* As mill_format.get. Not collective. */
MILL_NODISCARD mill_status mill_csv_get(const mill_format_table *common, mill_bytes_view *in,
                                        const mill_format_env *env, mill_format_table **out, mill_error *err);

#endif
