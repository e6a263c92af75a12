/* Overload resolution. Every way to call a function costs the sum of what its arguments' implicit casts cost; the
 * cheapest wins, the first listed on a tie. The costs make int + decimal a decimal, int + float a float64, round(int) a
 * float64, as PostgreSQL's preferred types do. */
#include "expr/builder.h"
#include "expr/decimal.h"
#include <stdio.h>

#define NO_CAST  (-1)
#define TO_F64   10
#define TO_DEC   12
#define DEC_F64  20
#define U64_DEC  14
#define U64_F64  30
#define DATE_TS  5
#define TEXT_ANY 3

static int integer_cost(mill_type_id from, mill_type_id to)
{
	bool from_signed = mill_type_is_signed(mill_type_of(from));
	bool to_signed = mill_type_is_signed(mill_type_of(to));
	int from_size = (int)from - (int)(from_signed ? MILL_TYPE_INT8 : MILL_TYPE_UINT8);
	int to_size = (int)to - (int)(to_signed ? MILL_TYPE_INT8 : MILL_TYPE_UINT8);
	if (from_signed && !to_signed)
		return NO_CAST;
	if (from_signed == to_signed)
		return to_size >= from_size ? to_size - from_size : NO_CAST;
	return to_size > from_size ? to_size - from_size : NO_CAST;
}

static int type_cost(mill_type from, mill_type_id to)
{
	mill_type target = mill_type_of(to);
	if (from.id == to)
		return 0;
	if (from.id == MILL_TYPE_NULL) /* of nothing else known, a float64 */
		return to != MILL_TYPE_FLOAT64;
	if (mill_type_is_integer(from) && mill_type_is_integer(target))
		return integer_cost(from.id, to);
	if (mill_type_is_integer(from) && to == MILL_TYPE_DECIMAL)
		return from.id == MILL_TYPE_UINT64 ? U64_DEC : TO_DEC;
	if (mill_type_is_integer(from) && to == MILL_TYPE_FLOAT64)
		return from.id == MILL_TYPE_UINT64 ? U64_F64 : TO_F64 + (from.id == MILL_TYPE_INT64);
	if (from.id == MILL_TYPE_DECIMAL && to == MILL_TYPE_FLOAT64)
		return DEC_F64;
	if (from.id == MILL_TYPE_FLOAT32 && to == MILL_TYPE_FLOAT64)
		return 1;
	if (from.id == MILL_TYPE_DATE && to == MILL_TYPE_TIMESTAMP)
		return DATE_TS;
	return NO_CAST;
}

/* Untyped text takes the type of its neighbour first, then text, then whatever reads it. */
static int argument_cost(mill_expr *const *args, int arg_count, int i, mill_type_id to)
{
	const mill_expr *arg = args[i];
	if (arg->kind == MILL_EXPR_LITERAL && arg->is_wide_literal && arg->type.id == MILL_TYPE_STRING) {
		for (int k = 0; k < arg_count; k++)
			if (k != i && args[k]->type.id == to && !args[k]->is_wide_literal)
				return 1;
		return to == MILL_TYPE_STRING ? 1 : TEXT_ANY;
	}
	if (arg->kind == MILL_EXPR_LITERAL && arg->is_wide_literal && to == MILL_TYPE_UINT64 &&
	    mill_type_is_signed(arg->type) && arg->literal.as.i64 >= 0)
		return 3;
	return type_cost(arg->type, to);
}

static bool count_fits(const mill_overload *o, int arg_count)
{
	return o->variadic ? arg_count >= o->arg_count : arg_count == o->arg_count;
}

static uint8_t pattern_of(const mill_overload *o, int i)
{
	return i < o->arg_count ? o->args[i] : o->args[o->arg_count - 1];
}

static int overload_cost(const mill_overload *o, mill_expr *const *args, int arg_count)
{
	int total = 0;
	if (!count_fits(o, arg_count))
		return NO_CAST;
	for (int i = 0; i < arg_count; i++) {
		uint8_t pattern = pattern_of(o, i);
		if (pattern >= MILL_ARG_ANY)
			continue;
		int cost = argument_cost(args, arg_count, i, (mill_type_id)pattern);
		if (cost == NO_CAST)
			return NO_CAST;
		total += cost;
	}
	return total;
}

/* A signed literal as a value of an integer type. */
static bool literal_fits(const mill_literal *literal, mill_type type)
{
	int64_t least, most;
	mill_type_limits(type, &least, &most);
	return literal->as.i64 >= least && literal->as.i64 <= most;
}

/* In a comparison an integer literal takes its column's type, which spares casting the column. */
static mill_status narrow_literal(mill_expr_builder *b, mill_expr **args, mill_error *err)
{
	for (int i = 0; i < 2; i++) {
		mill_expr *literal = args[i];
		mill_expr *other = args[1 - i];
		if (literal->kind != MILL_EXPR_LITERAL || !literal->is_wide_literal || literal->literal.is_null)
			continue;
		if (other->is_wide_literal || !mill_type_is_signed(literal->type))
			continue;
		if (!mill_type_is_integer(other->type) || !literal_fits(&literal->literal, other->type))
			continue;
		args[i] = mill_expr_coerce(b, literal, other->type, err);
		if (args[i] == NULL)
			return mill_failed(err);
	}
	return MILL_OK;
}

static mill_status no_overload(mill_expr_builder *b, const mill_function *f, mill_expr *const *args, int arg_count,
                               mill_error *err)
{
	char list[512];
	size_t used = 0;
	list[0] = '\0';
	for (int i = 0; i < arg_count && used + MILL_TYPE_TEXT_BYTES + 4 < sizeof list; i++) {
		char type[MILL_TYPE_TEXT_BYTES];
		mill_type_text(args[i]->type, type);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", type);
	}
	if (f->compares && arg_count == 2) {
		char left[MILL_TYPE_TEXT_BYTES], right[MILL_TYPE_TEXT_BYTES];
		return mill_builder_fail(b, b->position, err, MILL_USAGE, "cannot compare %s with %s: CAST one of them",
		                         mill_type_text(args[0]->type, left), mill_type_text(args[1]->type, right));
	}
	return mill_builder_fail(b, b->position, err, MILL_USAGE, "no %s for (%s); there is %s",
	                         mill_function_display(f), list, f->help);
}

static mill_type decimal_target(mill_type from)
{
	if (mill_type_is_integer(from))
		return mill_decimal_of_integer(from);
	return from.id == MILL_TYPE_NULL ? mill_type_decimal(1, 0) : mill_type_decimal(38, 10);
}

static mill_status coerce_all(mill_expr_builder *b, const mill_overload *o, mill_expr **args, int arg_count,
                              mill_error *err)
{
	mill_expr *same[64];
	int at[64];
	int count = 0;
	for (int i = 0; i < arg_count; i++) {
		uint8_t pattern = pattern_of(o, i);
		if (pattern == MILL_ARG_SAME && count < 64) {
			at[count] = i;
			same[count++] = args[i];
		}
		if (pattern >= MILL_ARG_ANY || args[i]->type.id == pattern)
			continue;
		mill_type to = mill_type_of((mill_type_id)pattern);
		if (pattern == MILL_TYPE_DECIMAL)
			to = decimal_target(args[i]->type);
		args[i] = mill_expr_coerce(b, args[i], to, err);
		if (args[i] == NULL)
			return mill_failed(err);
	}
	if (count == 0)
		return MILL_OK;
	mill_type type;
	MILL_TRY(mill_expr_unify(b, same, count, "arguments", &type, err));
	for (int i = 0; i < count; i++)
		args[at[i]] = same[i];
	return MILL_OK;
}

static mill_status result_type(const mill_overload *o, mill_expr *const *args, int arg_count, mill_type *result,
                               mill_error *err)
{
	mill_type types[64];
	for (int i = 0; i < arg_count && i < 64; i++)
		types[i] = args[i]->type;
	if (o->derive != NULL)
		return o->derive(types, arg_count, result, err);
	if (o->result == MILL_ARG_SAME) {
		for (int i = 0; i < arg_count; i++)
			if (pattern_of(o, i) == MILL_ARG_SAME) {
				*result = types[i];
				return MILL_OK;
			}
	}
	*result = mill_type_of((mill_type_id)o->result);
	return MILL_OK;
}

mill_status mill_resolve(mill_expr_builder *b, const mill_function *function, mill_expr **args, int arg_count,
                         const mill_overload **overload, mill_type *result, mill_error *err)
{
	const mill_overload *best = NULL;
	int best_cost = 0;
	if (arg_count > 64)
		return mill_builder_fail(b, b->position, err, MILL_USAGE, "%s takes at most 64 arguments",
		                         function->name);
	if (function->compares && arg_count == 2)
		MILL_TRY(narrow_literal(b, args, err));
	for (int i = 0; i < function->overload_count; i++) {
		int cost = overload_cost(&function->overloads[i], args, arg_count);
		if (cost != NO_CAST && (best == NULL || cost < best_cost)) {
			best = &function->overloads[i];
			best_cost = cost;
		}
	}
	if (best == NULL)
		return no_overload(b, function, args, arg_count, err);
	MILL_TRY(coerce_all(b, best, args, arg_count, err));
	mill_status status = result_type(best, args, arg_count, result, err);
	if (status != MILL_OK) {
		b->failed_position = b->position;
		return status;
	}
	*overload = best;
	return MILL_OK;
}
