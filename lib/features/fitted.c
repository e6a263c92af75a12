/* fitted.json: every fitted statistic, readable.
 *
 *	{"tensors": {TENSOR: {"columns": {NAME: {"column": …, "type": …, "steps": [{"transform": …, …}]}}}}}
 *
 * A vocabulary's entries are "values", in the order of their ids from 1 + oov_buckets on (one_hot: of their columns):
 * integers and floats as numbers, bools, all else as text; "value_type" tells. More than 100,000 of them, and text that
 * JSON does not hold, are in a file of their own, "values_file", relative to the store:
 *
 *	OFFSET     SIZE           DESCRIPTION
 *	0          8              "MILLVOC1"
 *	8          4              type of the values (mill_type_id)
 *	12         1, 1, 2        precision, scale, 0
 *	16         8              n, number of values
 *	24         8·(n + 1)      offsets of the values in the bytes below, the last one their size
 *	24+8(n+1)  offsets[n]     values end to end: text as it is, numbers in their type's bytes (bools one byte)
 *
 * Integers are little-endian. */
#include "column/canonical.h"
#include "column/value.h"
#include "features/features_private.h"
#include "storage/storage.h"

#include <stdio.h>
#include <string.h>

static bool has_nul(const mill_column *values)
{
	int32_t length;
	for (int64_t i = 0; mill_type_is_text(values->type) && i < values->rows; i++) {
		const char *text = mill_column_text(values, i, &length);
		if (memchr(text, 0, (size_t)length) != NULL)
			return true;
	}
	return false;
}

static mill_status put_as_text(const mill_column *values, int64_t row, const char *key, mill_json_writer *json,
                               mill_error *err)
{
	mill_bytes text;
	mill_bytes_init(&text, json->out->mem);
	mill_status status = mill_value_text(values, row, &text);
	if (status == MILL_OK)
		mill_json_put_text_n(json, key, (const char *)text.data, text.size_bytes);
	mill_bytes_release(&text);
	return status == MILL_OK ? MILL_OK : mill_fail_nomem(err, 0, "fitted.json");
}

mill_status mill_put_value(const mill_column *values, int64_t row, const char *key, mill_json_writer *json,
                           mill_error *err)
{
	mill_type type = values->type;
	int32_t length;
	if (type.id == MILL_TYPE_BOOL) {
		mill_json_put_bool(json, key, mill_bit_get(values->values, row));
	} else if (mill_type_is_float(type)) {
		mill_json_put_double(json, key, mill_number_at(values, row));
	} else if (mill_type_is_unsigned(type)) {
		mill_json_put_uint(json, key, mill_integer_bits(values, row));
	} else if (mill_type_is_integer(type)) {
		mill_json_put_int(json, key, (int64_t)mill_integer_bits(values, row));
	} else if (type.id == MILL_TYPE_STRING) {
		const char *text = mill_column_text(values, row, &length);
		mill_json_put_text_n(json, key, text, (size_t)length);
	} else {
		return put_as_text(values, row, key, json, err);
	}
	return MILL_OK;
}

static mill_status put_inline(const mill_column *values, mill_json_writer *json, mill_error *err)
{
	mill_json_put_array(json, "values");
	for (int64_t i = 0; i < values->rows; i++)
		MILL_TRY(mill_put_value(values, i, NULL, json, err));
	mill_json_end(json);
	return MILL_OK;
}

static mill_status append_values(const mill_column *values, mill_bytes *out)
{
	size_t width = mill_type_width_bytes(values->type);
	for (int64_t i = 0; i < values->rows; i++) {
		int32_t length;
		if (mill_type_is_text(values->type)) {
			const char *text = mill_column_text(values, i, &length);
			MILL_TRY(mill_bytes_append(out, text, (size_t)length));
		} else if (values->type.id == MILL_TYPE_BOOL) {
			MILL_TRY(mill_bytes_append_u8(out, mill_bit_get(values->values, i)));
		} else {
			MILL_TRY(mill_bytes_append(out, (const uint8_t *)values->values + (size_t)i * width, width));
		}
	}
	return MILL_OK;
}

static mill_status side_file_bytes(const mill_column *values, mill_bytes *out)
{
	size_t width = values->type.id == MILL_TYPE_BOOL ? 1 : mill_type_width_bytes(values->type);
	MILL_TRY(mill_bytes_append(out, "MILLVOC1", 8));
	MILL_TRY(mill_bytes_append_u32(out, values->type.id));
	MILL_TRY(mill_bytes_append_u8(out, values->type.precision));
	MILL_TRY(mill_bytes_append_u8(out, values->type.scale));
	MILL_TRY(mill_bytes_append(out, "\0\0", 2));
	MILL_TRY(mill_bytes_append_u64(out, (uint64_t)values->rows));
	for (int64_t i = 0; i <= values->rows; i++)
		MILL_TRY(mill_bytes_append_u64(out, mill_type_is_text(values->type) ? (uint64_t)values->offsets[i]
		                                                                    : (uint64_t)i * width));
	return append_values(values, out);
}

typedef struct fitted_place {
	mill_storage *storage;
	const char *store_path;
	int tensor, chain, transform;
} fitted_place;

static mill_status put_side_file(const mill_features *features, const fitted_place *place, const char *name,
                                 const mill_column *values, mill_json_writer *json, mill_error *err)
{
	mill_bytes path, bytes;
	mill_bytes_init(&path, features->mem);
	mill_bytes_init(&bytes, features->mem);
	mill_status status = mill_bytes_printf(&path, "%s/fitted", place->store_path);
	if (status == MILL_OK)
		status = mill_bytes_terminate(&path);
	if (status == MILL_OK)
		status = side_file_bytes(values, &bytes);
	if (status != MILL_OK) {
		status = mill_fail_nomem(err, bytes.size_bytes, "a vocabulary's file");
		goto done;
	}
	MILL_TRY_GOTO(mill_storage_make_folders(place->storage, (const char *)path.data, err), done);
	path.size_bytes = 0;
	status = mill_bytes_printf(&path, "%s/%s", place->store_path, name);
	if (status == MILL_OK)
		status = mill_bytes_terminate(&path);
	if (status != MILL_OK) {
		status = mill_fail_nomem(err, 0, "a vocabulary's file");
		goto done;
	}
	MILL_TRY_GOTO(
	    mill_storage_write_all(place->storage, (const char *)path.data, bytes.data, bytes.size_bytes, err), done);
	mill_json_put_text(json, "values_file", name);
	mill_json_put_int(json, "values_count", values->rows);
done:
	mill_bytes_release(&path);
	mill_bytes_release(&bytes);
	return status;
}

static mill_status put_values(const mill_features *features, const mill_column *values, const fitted_place *place,
                              mill_json_writer *json, mill_error *err)
{
	char text[MILL_TYPE_TEXT_BYTES], name[96];
	mill_json_put_text(json, "value_type", mill_type_text(values->type, text));
	if (values->rows <= MILL_SIDE_FILE_FROM && !has_nul(values))
		return put_inline(values, json, err);
	snprintf(name, sizeof name, "fitted/values-%d-%d-%d.bin", place->tensor, place->chain, place->transform);
	return put_side_file(features, place, name, values, json, err);
}

static mill_status put_transform(const mill_features *features, const mill_transform *transform,
                                 const fitted_place *place, mill_json_writer *json, mill_error *err)
{
	mill_json_put_object(json, NULL);
	mill_json_put_text(json, "transform", transform->kind->info.name);
	if (transform->kind->write != NULL)
		MILL_TRY(transform->kind->write(transform, json, err));
	if (transform->kind->values != NULL) {
		mill_column values = {0};
		MILL_TRY(transform->kind->values(transform, &values, err));
		mill_status status = put_values(features, &values, place, json, err);
		mill_column_release(&values);
		MILL_TRY(status);
	}
	mill_json_end(json);
	return MILL_OK;
}

static mill_status put_chain(const mill_features *features, const mill_chain *chain, fitted_place *place,
                             mill_json_writer *json, mill_error *err)
{
	char text[MILL_TYPE_TEXT_BYTES];
	mill_json_put_object(json, chain->name);
	mill_json_put_text(json, "column", chain->column);
	mill_json_put_text(json, "type", mill_type_text(chain->type, text));
	mill_json_put_array(json, "steps");
	for (place->transform = 0; place->transform < chain->recipe->count; place->transform++)
		MILL_TRY(put_transform(features, chain->recipe->transforms[place->transform], place, json, err));
	mill_json_end(json);
	mill_json_end(json);
	return MILL_OK;
}

mill_status mill_features_write_fitted(const mill_features *features, mill_storage *storage, const char *store_path,
                                       mill_bytes *json, mill_error *err)
{
	mill_json_writer w;
	fitted_place place = {.storage = storage, .store_path = store_path};
	mill_json_writer_init(&w, json, true);
	mill_json_put_object(&w, NULL);
	mill_json_put_object(&w, "tensors");
	for (place.tensor = 0; place.tensor < features->tensor_count; place.tensor++) {
		const mill_tensor *tensor = &features->tensors[place.tensor];
		mill_json_put_object(&w, tensor->name);
		mill_json_put_object(&w, "columns");
		for (place.chain = 0; place.chain < tensor->chain_count; place.chain++)
			MILL_TRY(put_chain(features, &tensor->chains[place.chain], &place, &w, err));
		mill_json_end(&w);
		mill_json_end(&w);
	}
	mill_json_end(&w);
	mill_json_end(&w);
	mill_status status = mill_json_finish(&w);
	return status == MILL_OK ? MILL_OK : mill_fail(err, status, "fitted.json: %s", mill_status_text(status));
}
