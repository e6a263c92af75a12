/* Hashes of values. */
#include "base/hash.h"
#include "column/value.h"
#include "expr/kernels/text_rows.h"
#include "expr/program.h"

/* H64(0, V(a) ‖ V(b) …) of definitions.md D1, as a signed integer: the hash that keys and buckets use. */
static mill_status key_hash_kernel(mill_call *call, mill_error *err)
{
	const mill_column *keys[64];
	mill_column spread[64];
	mill_bytes scratch;
	int count = 0;
	mill_status status = MILL_OK;
	mill_bytes_init(&scratch, call->program->mem);
	for (; status == MILL_OK && count < call->arg_count; count += status == MILL_OK) {
		status = mill_vector_spread(call->program, call->args[count], call->rows, &spread[count], err);
		keys[count] = &spread[count];
	}
	if (status == MILL_OK)
		status = mill_key_hash(keys, count, call->rows, &scratch, call->out->values, err);
	for (int i = 0; i < count; i++)
		mill_column_release(&spread[i]);
	mill_bytes_release(&scratch);
	return status;
}

static mill_status xxhash_kernel(mill_call *call, mill_error *err)
{
	int64_t *out = call->out->values;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		mill_text text = {"", 0};
		if (mill_call_valid(call, i))
			text = mill_text_arg(call, 0, i);
		out[i] = (int64_t)mill_h64(0, text.data, text.size);
	}
	return MILL_OK;
}

static const mill_overload key_hash_overloads[] = {{{MILL_ARG_ANY}, 1, true, MILL_TYPE_INT64, key_hash_kernel, NULL}};
static const mill_overload xxhash_overloads[] = {{{MILL_TYPE_STRING}, 1, false, MILL_TYPE_INT64, xxhash_kernel, NULL},
                                                 {{MILL_TYPE_BINARY}, 1, false, MILL_TYPE_INT64, xxhash_kernel, NULL}};

static const mill_function functions[] = {
    {.name = "key_hash",
     .group = MILL_GROUP_HASH,
     .help = "key_hash(a, b, …): rankmill's own hash of values of any type, as buckets use it; NULL counts as a value",
     MILL_LIST(key_hash_overloads),
     .sees_nulls = true,
     .never_null = true},
    {.name = "xxh3_64",
     .group = MILL_GROUP_HASH,
     .help = "xxh3_64(x): XXH3 of the bytes of a text, seed 0, as a signed integer",
     MILL_LIST(xxhash_overloads)},
};

const mill_function_table mill_functions_hash = MILL_TABLE_OF(functions);
