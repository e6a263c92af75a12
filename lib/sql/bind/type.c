/* Type names and CAST. */
#include "sql/bind/binder.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_MODIFIERS = 2 };

/* The type's modifiers, (10, 2): −1 past the last. */
static mill_status read_modifiers(sql_binder *binder, const PgQuery__TypeName *node, int modifiers[MAX_MODIFIERS])
{
	modifiers[0] = modifiers[1] = -1;
	if (node->n_typmods > MAX_MODIFIERS)
		return sql_fail(binder, MILL_USAGE, node->location, "a type takes at most two numbers in parentheses");
	for (size_t i = 0; i < node->n_typmods; i++) {
		const PgQuery__Node *modifier = node->typmods[i];
		if (modifier->node_case != PG_QUERY__NODE__NODE_A_CONST ||
		    modifier->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL)
			return sql_fail(binder, MILL_USAGE, node->location, "a type's parentheses hold integers");
		modifiers[i] = modifier->a_const->ival->ival;
		if (modifiers[i] < 0)
			return sql_fail(binder, MILL_NOT_YET, node->location,
			                "negative numbers in a type's parentheses are not supported yet: round(x, -n)");
	}
	return MILL_OK;
}

typedef struct spelling {
	const char *internal;
	const char *plain;
} spelling;

/* Types that the grammar spells in PostgreSQL's internal way. */
static const char *plain_name(const char *name)
{
	static const spelling names[] = {
	    {"int2", "int16"},
	    {"int4", "int32"},
	    {"int8", "int64"},
	    {"float4", "float32"},
	    {"float8", "float64"},
	    {"bpchar", "char"},
	    {"varchar", "string"},
	    {"text", "string"},
	    {"numeric", "decimal"},
	    {"bytea", "binary"},
	    {"timestamptz", "timestamp with time zone"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(name, names[i].internal) == 0)
			return names[i].plain;
	return name;
}

typedef struct sql_type {
	mill_type type;
	int text_length; /* varchar(n): −1: none */
	int modifier;    /* INTERVAL '…' DAY: mask of fields; −1: none */
	bool is_open;    /* numeric without digits: those of what is cast */
} sql_type;

static mill_status refuse_type(sql_binder *binder, const PgQuery__TypeName *node, const char *name,
                               const int *modifiers)
{
	if (node->n_array_bounds > 0 || node->setof)
		return sql_fail(binder, MILL_NOT_YET, node->location, "array types are not supported yet");
	if (strcasecmp(name, "bpchar") == 0 && modifiers[0] >= 0)
		return sql_fail(binder, MILL_NOT_YET, node->location,
		                "char(n) is not supported yet: use varchar(n) or text");
	if (strcasecmp(name, "time") == 0 || strcasecmp(name, "timetz") == 0)
		return sql_fail(binder, MILL_NOT_YET, node->location, "type time is not supported yet");
	bool is_timestamp = strcasecmp(name, "timestamp") == 0 || strcasecmp(name, "timestamptz") == 0;
	if (is_timestamp && modifiers[0] >= 0 && modifiers[0] != 6)
		return sql_fail(binder, MILL_NOT_YET, node->location,
		                "timestamps have 6 digits of seconds, others are not "
		                "supported yet");
	return MILL_OK;
}

static mill_status bind_type(sql_binder *binder, const PgQuery__TypeName *node, sql_type *out)
{
	int modifiers[MAX_MODIFIERS];
	const char *name = node->n_names > 0 ? sql_string_of(node->names[node->n_names - 1]) : "";
	MILL_TRY(read_modifiers(binder, node, modifiers));
	MILL_TRY(refuse_type(binder, node, name, modifiers));
	sql_type type = {.text_length = -1, .modifier = -1};
	const char *plain = plain_name(name);
	char text[128];
	type.is_open = strcasecmp(plain, "decimal") == 0 && modifiers[0] < 0;
	if (strcmp(plain, "string") == 0 && modifiers[0] >= 0) {
		type.text_length = modifiers[0];
		modifiers[0] = -1;
	} else if (strcmp(plain, "interval") == 0) {
		type.modifier = modifiers[0];
		modifiers[0] = -1;
	} else if (strncmp(plain, "timestamp", strlen("timestamp")) == 0) {
		modifiers[0] = -1;
	}
	if (modifiers[1] >= 0)
		snprintf(text, sizeof text, "%s(%d, %d)", plain, modifiers[0], modifiers[1]);
	else if (modifiers[0] >= 0)
		snprintf(text, sizeof text, "%s(%d)", plain, modifiers[0]);
	else
		snprintf(text, sizeof text, "%s", plain);
	mill_status status = mill_type_parse(text, &type.type, &binder->inner);
	if (status != MILL_OK)
		return sql_fail_inner(binder, status, node->location);
	*out = type;
	return MILL_OK;
}

/* INTERVAL '3' DAY: the unit goes into the text. Masks are PostgreSQL's (1 << field). */
static mill_status interval_text(sql_binder *binder, const PgQuery__TypeCast *node, int mask, mill_expr **out)
{
	static const struct {
		int mask;
		const char *unit;
	} units[] = {{1 << 1, "months"}, {1 << 2, "years"},    {1 << 3, "days"},
	             {1 << 10, "hours"}, {1 << 11, "minutes"}, {1 << 12, "seconds"}};
	const PgQuery__Node *arg = node->arg;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (mask != units[i].mask || arg->node_case != PG_QUERY__NODE__NODE_A_CONST ||
		    arg->a_const->val_case != PG_QUERY__A__CONST__VAL_SVAL)
			continue;
		const char *text = mill_arena_printf(binder->arena, "%s %s", arg->a_const->sval->sval, units[i].unit);
		if (text == NULL)
			return sql_fail_memory(binder);
		binder->builder.position = arg->a_const->location;
		return sql_built(binder, mill_expr_string(&binder->builder, text, strlen(text), &binder->inner), out);
	}
	return sql_fail(binder, MILL_NOT_YET, node->type_name->location,
	                "intervals of several fields are written in one text: INTERVAL '1 day 2 hours'");
}

/* PostgreSQL's numeric keeps every digit: an exact number keeps its own, so that products do not run out of places. */
static mill_type open_decimal(const mill_expr *arg, mill_type widest)
{
	mill_type own;
	if (arg->type.id == MILL_TYPE_DECIMAL)
		return arg->type;
	if (mill_type_is_integer(arg->type) &&
	    mill_common_type(arg->type, mill_type_decimal(1, 0), &own, NULL) == MILL_OK)
		return own;
	return widest;
}

/* numeric '1.25' is the number as written, if it is one. */
static mill_status number_of_text(sql_binder *binder, mill_expr **arg)
{
	const mill_literal *literal = &(*arg)->literal;
	bool is_text = (*arg)->kind == MILL_EXPR_LITERAL && (*arg)->is_wide_literal && !literal->is_null &&
	               (*arg)->type.id == MILL_TYPE_STRING;
	size_t length = is_text ? (size_t)literal->as.string.length_bytes : 0;
	if (length == 0 || strspn(literal->as.string.text, "+-.0123456789") < length)
		return MILL_OK;
	mill_expr_builder builder = {binder->arena, (*arg)->position, -1};
	char *text = mill_arena_strndup(binder->arena, literal->as.string.text, length);
	if (text == NULL)
		return sql_fail_memory(binder);
	mill_error ignored = {0};
	mill_expr *number = mill_expr_number(&builder, text, &ignored);
	if (number != NULL)
		*arg = number;
	return MILL_OK;
}

mill_status sql_bind_cast(sql_select *select, const PgQuery__TypeCast *node, mill_expr **out)
{
	sql_binder *binder = select->binder;
	sql_type type = {.text_length = -1};
	mill_expr *arg = NULL;
	MILL_TRY(bind_type(binder, node->type_name, &type));
	if (type.modifier >= 0 && type.modifier != 0x7FFF)
		MILL_TRY(interval_text(binder, node, type.modifier, &arg));
	else
		MILL_TRY(sql_bind_expr(select, node->arg, &arg));
	int position = node->location >= 0 ? node->location : node->type_name->location;
	if (type.is_open) {
		MILL_TRY(number_of_text(binder, &arg));
		type.type = open_decimal(arg, type.type);
	}
	binder->builder.position = position;
	MILL_TRY(sql_built(binder, mill_expr_cast(&binder->builder, arg, type.type, false, &binder->inner), out));
	if (type.text_length < 0)
		return MILL_OK;
	char digits[16];
	snprintf(digits, sizeof digits, "%d", type.text_length);
	mill_expr *length;
	MILL_TRY(sql_built(binder, mill_expr_number(&binder->builder, digits, &binder->inner), &length));
	return sql_call2(select, position, "left", *out, length, out);
}
