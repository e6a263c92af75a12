/* impute_constant: NULL becomes a given value, of the column's own type where that can hold it. */
#include "base/civil_text.h"
#include "base/number.h"
#include "column/builder.h"
#include "features/transform.h"

#include <math.h>
#include <string.h>

typedef struct constant {
	mill_transform base;
	mill_column fill; /* one row of the lane's type; no rows: `number` and float64 instead */
	double number;
} constant;

/* The value as an element of an integer type; a date or timestamp also as text. False where it is none. */
static bool integer_of(mill_type type, const mill_json *node, int64_t *out)
{
	int64_t least, most;
	int32_t days;
	bool zoned;
	uint64_t word;
	if (type.id == MILL_TYPE_DATE && node->kind == MILL_JSON_STRING &&
	    mill_parse_date(node->text, node->text_bytes, &days)) {
		*out = days;
		return true;
	}
	if (type.id == MILL_TYPE_TIMESTAMP && node->kind == MILL_JSON_STRING)
		return mill_parse_timestamp(node->text, node->text_bytes, out, &zoned) ||
		       mill_json_int(node, INT64_MIN, INT64_MAX, out, NULL) == MILL_OK;
	if (type.id == MILL_TYPE_UINT64) {
		bool fits = mill_json_uint(node, &word, NULL) == MILL_OK;
		*out = fits ? (int64_t)word : 0;
		return fits;
	}
	if (!mill_type_is_integer(type) && !mill_type_is_time(type))
		return false;
	mill_type_limits(type, &least, &most);
	return mill_json_int(node, least, most, out, NULL) == MILL_OK;
}

/* False where the constant does not fit decimal(p, s) as written: it must not be rounded to the column's scale. */
static bool decimal_of(mill_type type, const mill_json *node, mill_i128 *out)
{
	mill_i128 finer, unit = 1;
	int more = 38 - type.precision < 10 ? 38 - type.precision : 10;
	if (node->kind != MILL_JSON_NUMBER || more == 0 ||
	    mill_parse_decimal(node->text, node->text_bytes, type.precision, type.scale, out) != MILL_PARSED ||
	    mill_parse_decimal(node->text, node->text_bytes, 38, type.scale + more, &finer) != MILL_PARSED)
		return false;
	for (int i = 0; i < more; i++)
		unit *= 10;
	return *out * unit == finer;
}

static mill_status build_fill(constant *c, mill_mem *mem, const mill_json *node, mill_error *err)
{
	mill_type type = c->base.in;
	mill_builder builder;
	mill_status status = MILL_OK;
	mill_i128 decimal;
	int64_t integer;
	mill_builder_init(&builder, mem, type);
	if (mill_type_is_text(type))
		status = mill_builder_text(&builder, node->text, node->text_bytes);
	else if (type.id == MILL_TYPE_BOOL)
		status = mill_builder_bool(&builder, node->kind == MILL_JSON_BOOL ? node->boolean : c->number != 0.0);
	else if (type.id == MILL_TYPE_DECIMAL && decimal_of(type, node, &decimal))
		status = mill_builder_fixed(&builder, &decimal);
	else if (type.id == MILL_TYPE_FLOAT64 ||
	         (type.id == MILL_TYPE_FLOAT32 && (double)(float)c->number == c->number))
		status = mill_builder_f64(&builder, c->number);
	else if (integer_of(type, node, &integer))
		status = type.id == MILL_TYPE_UINT64 ? mill_builder_fixed(&builder, &integer)
		                                     : mill_builder_i64(&builder, integer);
	if (status == MILL_OK && builder.rows == 1)
		status = mill_builder_finish(&builder, &c->fill, err);
	else if (status != MILL_OK)
		status = mill_fail_nomem(err, 0, "a constant");
	mill_builder_release(&builder);
	return status;
}

static mill_status read_double(const mill_transform *transform, const mill_json *node, double *out, mill_error *err)
{
	char type[MILL_TYPE_TEXT_BYTES];
	if (mill_json_double(node, out, NULL) != MILL_OK || *out != *out)
		return mill_json_fail(node, err, "this is no value for column \"%s\", which is %s", transform->column,
		                      mill_type_text(transform->in, type));
	return MILL_OK;
}

static mill_status read_constant(mill_transform *transform, const mill_do_entry *entry, mill_error *err)
{
	constant *c = (constant *)transform;
	const mill_json *node = mill_parameter(entry, transform, "value");
	char type[MILL_TYPE_TEXT_BYTES];
	int64_t integer;
	if (node == NULL)
		return mill_json_fail(entry->node, err, "impute_constant needs a value: {\"impute_constant\": 0}");
	MILL_TRY(mill_parameter_bool(entry, transform, "indicator", &transform->flag, err));
	bool is_text = mill_type_is_text(transform->in);
	if (!is_text)
		MILL_TRY(mill_transform_need_number(transform, entry, err));
	if (is_text)
		MILL_TRY(mill_json_expect(node, MILL_JSON_STRING, err));
	else if (transform->in.id == MILL_TYPE_BOOL && node->kind == MILL_JSON_BOOL)
		c->number = node->boolean ? 1.0 : 0.0;
	else if (!integer_of(transform->in, node, &integer))
		MILL_TRY(read_double(transform, node, &c->number, err));
	if (transform->in.id == MILL_TYPE_BOOL && c->number != 0.0 && c->number != 1.0)
		return mill_json_fail(node, err, "column \"%s\" is %s: the constant is true or false",
		                      transform->column, mill_type_text(transform->in, type));
	MILL_TRY(build_fill(c, transform->mem, node, err));
	transform->out = c->fill.rows == 1 ? transform->in : mill_type_of(MILL_TYPE_FLOAT64);
	return MILL_OK;
}

static mill_status constant_apply(mill_transform *transform, mill_lane *lane, mill_work *work, mill_error *err)
{
	(void)err;
	const constant *c = (const constant *)transform;
	mill_transform_flag(transform, lane, work);
	if (c->fill.rows == 1) {
		if (lane->fill == NULL)
			lane->fill = &c->fill;
		return MILL_OK;
	}
	double *x = mill_lane_own_floats(lane, work);
	mill_floats_put_nulls(&lane->column, c->number, x);
	lane->column.validity = NULL;
	return MILL_OK;
}

static mill_status constant_write(const mill_transform *transform, mill_json_writer *json, mill_error *err)
{
	const constant *c = (const constant *)transform;
	if (c->fill.rows == 1)
		MILL_TRY(mill_put_value(&c->fill, 0, "value", json, err));
	else
		mill_json_put_double(json, "value", c->number);
	if (transform->flag)
		mill_json_put_bool(json, "indicator", true);
	return MILL_OK;
}

static void constant_release(mill_transform *transform)
{
	mill_column_release(&((constant *)transform)->fill);
}

static const char *const constant_keys[] = {"value", "indicator"};

const mill_transform_kind mill_transform_impute_constant = {
    .info = {"impute_constant", "NULL becomes a constant", "value, the lone value; indicator: true adds a flag column"},
    .main = "value",
    .keys = constant_keys,
    .key_count = 2,
    .transform_bytes = sizeof(constant),
    .read = read_constant,
    .apply = constant_apply,
    .write = constant_write,
    .release = constant_release,
};
