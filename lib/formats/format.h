/* The seam for input formats. A format is a table of functions; lib/stage drives them and names no format, and the
 * formats there are stand in an array of lib/job, so that a format may live in a room of any level below it.
 *
 * How a source becomes rows, and who calls what:
 *
 * 1. Recognise. Where "format" is not given, in this order: a format that knows a path as a folder of its own, one that
 *    has an ending of the first path, one that knows the first bytes of the first file, else the first of the list.
 * 2. List. Rank 0 lists the paths; files in the order of the listing have ordinals 0, 1, … All ranks get the list.
 * 3. Describe. Files are described one by one on any rank: schema as found, an inference sample, the codec. Rank 0
 *    begins with file 0 and goes on until a description fixes the columns; every rank is given that one, and the other
 *    files are dealt over the ranks. So a description may depend on the source, on its own file and on the one that
 *    fixed the columns, and on nothing else. The error of the file with the lowest ordinal is the one that is reported.
 * 4. Unify. Rank 0 makes one table of the descriptions in ordinal order; its parts are broadcast.
 * 5. Split. Every rank cuts the same input splits, without the files that predicates over constants rule out.
 * 6. Read. Every rank reads its share of input splits with one reader per scan, in attempts: begin, read_split …,
 * settle. An attempt of which a guess turns out wrong is dropped and repeated.
 *
 * What a reader has to hold to, whatever the number of ranks and however files are cut (the same bytes must come out):
 *
 * Row ids. Two words (D2): the file's ordinal, and a number that grows from row to row of the file: the offset of the
 * row's first byte in the decompressed text, or the row number. Never a number of an input split, batch or rank. Within
 * an input split rows are pushed in the order of their ids.
 *
 * Columns. A scan's batch has spec.columns, then the hidden columns asked for, then the ids; formats/batch.h fills all
 * that does not come from the format's own columns. A batch holds at most knobs.batch_rows rows. A type never depends
 * on what a single rank saw. `_file`, `_line` and `_offset` are offered by the stage; the format says with has_lines
 * whether `_line` means anything.
 *
 * Bad rows. A row that is not of the table's schema is bad for exactly one reason, by rules of the format that look at
 * the row as a whole: the verdict depends neither on the columns or rows that a query wants, nor on the filter, nor on
 * where files were cut. So every column is judged, decoded or not, before the filter runs. With MILL_BAD_FAIL and
 * MILL_BAD_QUARANTINE the row is dropped and reported once; the scan goes on (the stage decides at the end of the stage
 * what the reports amount to). With MILL_BAD_NULL a cell that does not convert is reported and becomes NULL, a row that
 * cannot be taken apart is reported and dropped. What is reported counts once the attempt is settled. A file that
 * cannot be read at all (I/O, a corrupt stream, a file that changed since it was listed) is no bad row: read_split
 * fails.
 *
 * Filter. With spec.filter the columns that it names are decoded first and the others only for the rows that it keeps.
 * Rows it drops are judged all the same, and counted in filtered_rows. filter->keep may fail; that ends the scan.
 *
 * Bound. With spec.bound rows behind it are neither read nor judged; the row itself is the last one.
 *
 * LIMIT. Once sink->done is set, read_split returns as soon as it can, and its piece says how far it came.
 *
 * Counts. reader->counts are those of the attempt, brought up to date from batch to batch.
 *
 * Empty files. A file without a row is no error; where no file fixes the columns, the declared ones stand, and unify
 * refuses a source that has none. A file of no bytes has no ranges.
 *
 * Compressed files. formats/decompress.h finds the codec by content; such a file is one range up to INT64_MAX.
 *
 * Functions may be NULL where that is said. They are not collective unless it is said. Errors name the file's URI. */
#ifndef MILL_FORMATS_FORMAT_H
#define MILL_FORMATS_FORMAT_H

#include "base/json.h"
#include "base/knobs.h"
#include "comm/comm.h"
#include "formats/input_split.h"
#include "formats/scan.h"
#include "formats/time_format.h"

typedef struct mill_format mill_format;

/* What a format works with on one rank. The struct is the caller's for the length of a call: who needs it later copies
 * it. What it points to lives as long as what is made with it. */
typedef struct mill_format_env {
	const mill_knobs *knobs;
	mill_storage *storage;
	mill_mem *mem;
	mill_arena *arena; /* lives as long as the run */
} mill_format_env;

/* What a source block's "options" or a table function's named arguments say. A format that has options of its own
 * embeds it as the first member of their struct. */
typedef struct mill_format_options {
	const mill_format *format;
	int64_t split_bytes; /* every format has it; 0: the knobs' */
} mill_format_options;

/* One option. read gets the value as a JSON node (arguments of table functions come as nodes too) and refuses it with
 * mill_json_fail, so that the message says where it stands. Strings are borrowed from the node. */
typedef struct mill_format_option {
	const char *key;
	const char *alias_of; /* NULL, or the option that this is another word for: a block gives one of them */
	mill_status (*read)(const mill_json *value, mill_format_options *options, mill_arena *arena, mill_error *err);
} mill_format_option;

/* A source before its table is known. Equal on all ranks that are handed it. */
typedef struct mill_format_source {
	const char *where; /* what messages begin with: the source block, or the path alone */
	const mill_format_options *options;
	const mill_schema *declared; /* "schema"; of no fields where nothing is declared */
	mill_input_file *files;      /* in ordinal order; codecs are not known yet */
	int64_t file_count;
	const char *const *hive_keys; /* of all key=value folders, in order of appearance */
	int hive_key_count;
} mill_format_source;

/* A source once opened: equal on all ranks, lives in the run's arena. A format that knows more of its files embeds it
 * as the first member. */
typedef struct mill_format_table {
	const mill_format *format;
	const mill_format_options *options;
	mill_storage *storage;  /* of this rank: what files are read through */
	mill_input_file *files; /* the source's, with codecs; in ordinal order */
	int64_t file_count;
	mill_schema schema;      /* columns of the files, then those of hive folders */
	int file_column_count;   /* of the schema's columns, those that files hold */
	const int *hive_at;      /* [schema.count − file_column_count] index into files[…].hive_values */
	const bool *is_declared; /* [schema.count] its type was declared, not found */
	const mill_time_format
	    *time_format;  /* NULL, or how times in texts and folder names are spelled if not as ISO */
	int64_t row_count; /* of all files; −1: unknown before they are read */
} mill_format_table;

/* Describes files on one rank, one after the other. A format embeds it as the first member. */
typedef struct mill_format_describer {
	const mill_format *format;
} mill_format_describer;

/* A contiguous part of a file that one rank read in an attempt. Pieces of a file have no gap between them. */
typedef struct mill_piece {
	int32_t file;
	bool left_early; /* rows that begin at or behind `until` were not looked at; else all to the piece's end were */
	int64_t until;   /* in second words of row ids */
	int64_t rows;    /* looked at, bad ones included */
	int64_t lines_before; /* what makes mill_bad_row.line a number of the file; 0 without lines */
} mill_piece;

/* Reads a rank's share of input splits for one scan and survives its attempts. A format embeds it as the first member.
 */
typedef struct mill_format_reader {
	const mill_format *format;
	mill_scan_counts counts; /* of this attempt */
	mill_piece
	    *pieces; /* of this attempt, in the order of input splits: mill_reader_add_piece. Not used by a format */
	int64_t piece_count; /* with a settle of its own */
	int64_t piece_capacity;
} mill_format_reader;

/* What became of an attempt; arrays live in the arena. */
typedef struct mill_settlement {
	bool again; /* a guess was wrong: the attempt is dropped, the next one knows better; nothing else is set */
	const mill_piece *pieces; /* of all ranks in the order of (file, begin), up to the first that was left early */
	int64_t piece_count;
	int64_t first_mine; /* this rank's are pieces[first_mine … first_mine + mine_count) */
	int64_t mine_count;
} mill_settlement;

struct mill_format {
	const char *name;  /* "csv": what "format" says */
	const char *title; /* "CSV": how it is written in messages */
	const char *
	    function; /* "read_csv"; NULL: none. Formats may share one: an ending of its path decides, else the first */
	const char *example_path;   /* a path, in messages that show how it is used */
	const char *example_option; /* an argument of the function: "delimiter => ';'"; NULL: it takes none */
	bool has_lines;             /* text with lines: offers _line */
	const char *file_word;      /* what messages call one of its files: "file", "shard" */
	const char *origin_text;    /* where types come from that are not declared: "inferred from a sample" */
	const char *pruned_text;    /* by what files are ruled out: "their key=value folders" */

	const char *const *endings; /* of names, in any case, NULL at the end; NULL: none */
	/* Whether a path as a whole is one table of this format, such as a store's folder. Rank 0. MILL_IO. May be
	 * NULL. */
	mill_status (*is_folder)(const mill_format_env *env, const char *path, bool *out, mill_error *err);
	/* Whether a file that begins with these bytes is of this format. Rank 0. May be NULL. */
	bool (*is_content)(const uint8_t *head, size_t size_bytes);
	/* The files of one path of the source in ordinal order, in env->arena. Rank 0. MILL_NOT_FOUND: none, MILL_IO,
	 * MILL_DATA. NULL: mill_storage_list. */
	mill_status (*list)(const mill_format_env *env, const char *path, mill_storage_listing *out, mill_error *err);

	const mill_format_option *options; /* besides split_bytes */
	int option_count;
	/* A set of options as they are where nothing is said, in arena. MILL_NOMEM. */
	mill_status (*new_options)(const mill_format *self, mill_arena *arena, mill_format_options **out,
	                           mill_error *err);
	/* Options that are sound each by itself but not together. MILL_USAGE. May be NULL. */
	mill_status (*check_options)(const mill_format_options *options, mill_error *err);

	/* source is borrowed until free_describer. first: the description that fixed the columns; size_bytes is 0 while
	 * there is none. */
	mill_status (*new_describer)(const mill_format_source *source, const mill_bytes_view *first,
	                             const mill_format_env *env, mill_format_describer **out, mill_error *err);
	/* Appends the description of source->files[file] to out, which is empty. *fixes: the file tells the table's
	 * columns. The bytes go to ranks of the same build. MILL_IO, MILL_DATA, MILL_USAGE. */
	mill_status (*describe)(mill_format_describer *describer, int64_t file, mill_bytes *out, bool *fixes,
	                        mill_error *err);
	void (*free_describer)(mill_format_describer *describer); /* NULL is fine */
	/* The table of descriptions[source->file_count], which are borrowed; their offsets are 0. Rank 0. Hive columns
	 * go behind the files' (formats/hive.h), unless folders mean something else in this format. MILL_DATA,
	 * MILL_USAGE. */
	mill_status (*unify)(const mill_format_source *source, const mill_bytes_view *descriptions,
	                     const mill_format_env *env, mill_format_table **out, mill_error *err);
	/* What the other ranks must be told of the table besides the members of mill_format_table. */
	mill_status (*put)(const mill_format_table *table, mill_bytes *out);
	/* The other side of put, on every rank but 0: a table of this format's struct in env->arena, in which only what
	 * put wrote is set; common has the members of mill_format_table, to be copied into it. MILL_DATA. */
	mill_status (*get)(const mill_format_table *common, mill_bytes_view *in, const mill_format_env *env,
	                   mill_format_table **out, mill_error *err);

	/* Cuts the wanted files ([file_count]; NULL: all) into input splits of about split_bytes in arena. The same on
	 * every rank. NULL: by bytes, as mill_plan_input_splits does. */
	mill_status (*plan_splits)(const mill_format_table *table, const bool *wanted, int64_t split_bytes,
	                           mill_arena *arena, mill_input_plan *out, mill_error *err);
	/* Whether a column of the files has the same value in all rows of each file. NULL: no column has. */
	bool (*is_constant)(const mill_format_table *table, int column);
	/* The values of a constant column in the files first … first + count − 1, one row per file. Predicates over
	 * them rule files out. NULL where is_constant is. */
	mill_status (*constants)(const mill_format_table *table, int column, int64_t first, int64_t count,
	                         mill_mem *mem, mill_column *out, mill_error *err);

	/* A reader of input splits of plan; table, plan and what spec refers to are borrowed until close. Memory comes
	 * from env->arena only, up to begin: a reader that is never begun is never closed. */
	mill_status (*open)(const mill_format_table *table, const mill_input_plan *plan, const mill_scan_spec *spec,
	                    const mill_format_env *env, mill_format_reader **out, mill_error *err);
	/* Collective, once, after open: what has to be known before the first row is read, such as the lines before
	 * each range. This rank is going to read the input splits first … last − 1 at first. NULL: nothing. */
	mill_status (*prepare)(mill_format_reader *reader, mill_comm *comm, int64_t first, int64_t last,
	                       mill_error *err);
	/* Begins an attempt: counts are 0, pieces none, what was learned stays. spec replaces that of open; only its
	 * bound may differ. */
	mill_status (*begin)(mill_format_reader *reader, const mill_scan_spec *spec, mill_error *err);
	/* Pushes the rows of an input split into sink (not its finish_unit). Input splits come in ascending order; from
	 * one attempt to the next they may be others. */
	mill_status (*read_split)(mill_format_reader *reader, int64_t split, mill_sink *sink, mill_error *err);
	/* Collective, once every rank has read its input splits of the attempt without an error. NULL: nothing was
	 * guessed, and the pieces of mill_reader_add_piece count. */
	mill_status (*settle)(mill_format_reader *reader, mill_comm *comm, mill_arena *arena, mill_settlement *out,
	                      mill_error *err);
	void (*close)(mill_format_reader *reader); /* frees what begin and read_split took; idempotent */
};

/* Input splits of a table: the format's, or by bytes. MILL_USAGE, MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_format_plan_input_splits(const mill_format_table *table, const bool *wanted,
                                                         int64_t split_bytes, mill_arena *arena, mill_input_plan *out,
                                                         mill_error *err);
/* Whether each file has one value of the column in all its rows: hive columns, and what the format says. Not
 * collective. */
bool mill_format_is_constant(const mill_format_table *table, int column);
/* The values of such a column in the files first … first + count − 1, one row per file. Not collective. */
MILL_NODISCARD mill_status mill_format_constants(const mill_format_table *table, int column, int64_t first,
                                                 int64_t count, mill_mem *mem, mill_column *out, mill_error *err);
/* For readers of formats without a settle: a piece that was read to its end, or up to `until`. mem: where the list
 * lives; mill_reader_drop_pieces frees it. Not collective. */
MILL_NODISCARD mill_status mill_reader_add_piece(mill_format_reader *reader, mill_mem *mem, const mill_piece *piece,
                                                 mill_error *err);
/* Frees the list of pieces; for close. Not collective. */
void mill_reader_drop_pieces(mill_format_reader *reader);
/* Leaves out the pieces behind the first that was left early: what follows it is not used, so not judged either. Not
 * collective. */
void mill_settlement_cut(mill_settlement *settlement);
/* Collective. Settles an attempt: the format's way, or that of formats that guess nothing. */
MILL_NODISCARD mill_status mill_format_settle(mill_format_reader *reader, mill_comm *comm, mill_arena *arena,
                                              mill_settlement *out, mill_error *err);
/* Whether text ends with one of the endings (NULL at the end), in any case. Not collective. */
bool mill_has_ending(const char *text, const char *const *endings);

#endif
