/* Blob, all little-endian:
 *
 * OFFSET  SIZE  DESCRIPTION
 *      0     4  "MTR1"
 *      4     4  number of entries; each is
 *            4  length of the stage's name, then its bytes
 *            4  length of the operator's name, then its bytes
 *         8 × C the counters of MILL_TRACE_COUNTERS in order
 *            4  number of drops; each is a length (4), the reason's bytes and the rows (8) */
#include "base/trace.h"

#include "base/checked.h"

#include <string.h>

#define TRACE_MARK 0x3152544DU

typedef enum combine { COMBINE_SUM, COMBINE_MAX } combine;

static const struct {
	size_t offset;
	combine combine;
} counters[] = {
#define X(counter, how) {offsetof(mill_trace_entry, counter), COMBINE_##how},
    MILL_TRACE_COUNTERS(X)
#undef X
};

#define COUNTER_COUNT (sizeof counters / sizeof counters[0])

static int64_t *counter_of(mill_trace_entry *entry, size_t at)
{
	return (int64_t *)(void *)((char *)entry + counters[at].offset);
}

void mill_trace_init(mill_trace *trace, mill_mem *mem)
{
	mill_arena_init(&trace->arena, mem);
	trace->first = NULL;
	trace->last = NULL;
}

void mill_trace_release(mill_trace *trace)
{
	mill_arena_release(&trace->arena);
	trace->first = NULL;
	trace->last = NULL;
}

mill_status mill_trace_open(mill_trace *trace, const char *stage, const char *name, mill_trace_entry **out)
{
	for (mill_trace_entry *entry = trace->first; entry != NULL; entry = entry->next)
		if (strcmp(entry->stage, stage) == 0 && strcmp(entry->name, name) == 0) {
			*out = entry;
			return MILL_OK;
		}
	mill_trace_entry *entry = mill_arena_alloc(&trace->arena, sizeof *entry);
	char *stage_copy = mill_arena_strdup(&trace->arena, stage);
	char *name_copy = mill_arena_strdup(&trace->arena, name);
	if (entry == NULL || stage_copy == NULL || name_copy == NULL)
		return MILL_NOMEM;
	entry->stage = stage_copy;
	entry->name = name_copy;
	if (trace->last == NULL)
		trace->first = entry;
	else
		trace->last->next = entry;
	trace->last = entry;
	*out = entry;
	return MILL_OK;
}

mill_status mill_trace_count_drop(mill_trace *trace, mill_trace_entry *entry, const char *reason, int64_t rows)
{
	mill_trace_drop **at = &entry->drops;
	while (*at != NULL && strcmp((*at)->reason, reason) != 0)
		at = &(*at)->next;
	if (*at == NULL) {
		mill_trace_drop *drop = mill_arena_alloc(&trace->arena, sizeof *drop);
		char *copy = mill_arena_strdup(&trace->arena, reason);
		if (drop == NULL || copy == NULL)
			return MILL_NOMEM;
		drop->reason = copy;
		*at = drop;
	}
	(*at)->rows += rows;
	return MILL_OK;
}

static mill_status write_name(mill_bytes *out, const char *name)
{
	size_t length = strlen(name);
	if (length > UINT32_MAX)
		return MILL_NOMEM;
	MILL_TRY(mill_bytes_append_u32(out, (uint32_t)length));
	return mill_bytes_append(out, name, length);
}

static mill_status write_entry(const mill_trace_entry *entry, mill_bytes *out)
{
	mill_trace_entry copy = *entry;
	copy.slowest_ns = mill_max_i64(copy.slowest_ns, copy.ns);
	MILL_TRY(write_name(out, entry->stage));
	MILL_TRY(write_name(out, entry->name));
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)*counter_of(&copy, i)));
	uint32_t drops = 0;
	for (const mill_trace_drop *drop = entry->drops; drop != NULL; drop = drop->next)
		drops++;
	MILL_TRY(mill_bytes_append_u32(out, drops));
	for (const mill_trace_drop *drop = entry->drops; drop != NULL; drop = drop->next) {
		MILL_TRY(write_name(out, drop->reason));
		MILL_TRY(mill_bytes_append_u64(out, (uint64_t)drop->rows));
	}
	return MILL_OK;
}

mill_status mill_trace_write(const mill_trace *trace, mill_bytes *out)
{
	uint32_t entries = 0;
	for (const mill_trace_entry *entry = trace->first; entry != NULL; entry = entry->next)
		entries++;
	MILL_TRY(mill_bytes_append_u32(out, TRACE_MARK));
	MILL_TRY(mill_bytes_append_u32(out, entries));
	for (const mill_trace_entry *entry = trace->first; entry != NULL; entry = entry->next)
		MILL_TRY(write_entry(entry, out));
	return MILL_OK;
}

static mill_status bad_blob(mill_error *err)
{
	return mill_fail(err, MILL_DATA, "counters of a rank are damaged or from another version of rankmill");
}

/* A NUL-terminated copy in the arena, so that names can be compared and kept. */
static mill_status read_name(mill_trace *trace, mill_bytes_view *in, char **out, mill_error *err)
{
	uint32_t length = 0;
	const uint8_t *data = NULL;
	if (!mill_view_u32(in, &length) || !mill_view_bytes(in, length, &data))
		return bad_blob(err);
	*out = mill_arena_strndup(&trace->arena, (const char *)data, length);
	return *out == NULL ? mill_fail_nomem(err, length, "counters of a rank") : MILL_OK;
}

static mill_status merge_drops(mill_trace *trace, mill_trace_entry *entry, mill_bytes_view *in, mill_error *err)
{
	uint32_t drops = 0;
	if (!mill_view_u32(in, &drops))
		return bad_blob(err);
	for (uint32_t i = 0; i < drops; i++) {
		char *reason = NULL;
		uint64_t rows = 0;
		MILL_TRY(read_name(trace, in, &reason, err));
		if (!mill_view_u64(in, &rows))
			return bad_blob(err);
		if (mill_trace_count_drop(trace, entry, reason, (int64_t)rows) != MILL_OK)
			return mill_fail_nomem(err, sizeof(mill_trace_drop), "counters of a rank");
	}
	return MILL_OK;
}

static mill_status merge_entry(mill_trace *trace, mill_bytes_view *in, mill_error *err)
{
	char *stage = NULL, *name = NULL;
	MILL_TRY(read_name(trace, in, &stage, err));
	MILL_TRY(read_name(trace, in, &name, err));
	mill_trace_entry *entry = NULL;
	if (mill_trace_open(trace, stage, name, &entry) != MILL_OK)
		return mill_fail_nomem(err, sizeof *entry, "counters of a rank");
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		uint64_t value = 0;
		if (!mill_view_u64(in, &value))
			return bad_blob(err);
		int64_t *counter = counter_of(entry, i);
		if (counters[i].combine == COMBINE_MAX)
			*counter = mill_max_i64(*counter, (int64_t)value);
		else if (mill_add_overflows(*counter, (int64_t)value, counter))
			return bad_blob(err);
	}
	return merge_drops(trace, entry, in, err);
}

mill_status mill_trace_merge(mill_trace *trace, mill_bytes_view *in, mill_error *err)
{
	uint32_t mark = 0, entries = 0;
	if (!mill_view_u32(in, &mark) || mark != TRACE_MARK || !mill_view_u32(in, &entries))
		return bad_blob(err);
	for (uint32_t i = 0; i < entries; i++)
		MILL_TRY(merge_entry(trace, in, err));
	return MILL_OK;
}
