/* Decimal arithmetic (D9). Arguments keep their own scales; where both sides and the result stay within 18 digits the
 * loop runs in 64 bits. */
#include "expr/decimal.h"
#include "expr/kernels/kernels.h"

#define NARROW_DIGITS 18

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static mill_type as_decimal(mill_type type)
{
	return mill_type_is_integer(type) ? mill_decimal_of_integer(type) : type;
}

mill_status mill_derive_decimal_add(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	mill_type a = as_decimal(args[0]), b = as_decimal(args[arg_count - 1]);
	int scale = larger(a.scale, b.scale);
	int whole = larger(a.precision - a.scale, b.precision - b.scale) + 1;
	(void)err;
	*result = mill_type_decimal(smaller(whole + scale, MILL_DECIMAL_DIGITS), scale);
	return MILL_OK;
}

mill_status mill_derive_decimal_mul(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	mill_type a = as_decimal(args[0]), b = as_decimal(args[arg_count - 1]);
	int scale = a.scale + b.scale;
	if (scale > MILL_DECIMAL_DIGITS)
		return mill_fail(
		    err, MILL_USAGE,
		    "a product of decimals with %d and %d places has %d places, at most 38 are possible; CAST one "
		    "to fewer places or to float64",
		    a.scale, b.scale, scale);
	*result = mill_type_decimal(larger(1, smaller(a.precision + b.precision, MILL_DECIMAL_DIGITS)), scale);
	return MILL_OK;
}

mill_status mill_derive_decimal_div(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	mill_type a = as_decimal(args[0]), b = as_decimal(args[arg_count - 1]);
	(void)err;
	*result = mill_type_decimal(MILL_DECIMAL_DIGITS, larger(16, larger(a.scale, b.scale)));
	return MILL_OK;
}

mill_status mill_derive_decimal_mod(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	mill_type a = as_decimal(args[0]), b = as_decimal(args[arg_count - 1]);
	int scale = larger(a.scale, b.scale);
	(void)err;
	*result = mill_type_decimal(smaller(larger(a.precision - a.scale, b.precision - b.scale) + scale, 38), scale);
	return MILL_OK;
}

mill_status mill_derive_digit(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)args;
	(void)arg_count;
	(void)err;
	*result = mill_type_decimal(1, 0);
	return MILL_OK;
}

mill_status mill_derive_first(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)arg_count;
	(void)err;
	*result = args[0];
	return MILL_OK;
}

mill_status mill_derive_last(const mill_type *args, int arg_count, mill_type *result, mill_error *err)
{
	(void)err;
	*result = args[arg_count - 1];
	return MILL_OK;
}

typedef struct decimals {
	const mill_i128 *a, *b;
	int64_t stride_a, stride_b;
	int scale_a, scale_b, scale;
	mill_i128 *out;
	bool narrow;
} decimals;

static decimals decimals_of(const mill_call *call)
{
	decimals d = {.a = mill_call_values(call, 0), .stride_a = mill_call_stride(call, 0), .out = call->out->values};
	mill_type a = call->args[0]->column.type, b = a;
	if (call->arg_count > 1) {
		b = call->args[1]->column.type;
		d.b = mill_call_values(call, 1);
		d.stride_b = mill_call_stride(call, 1);
	}
	d.scale_a = a.scale;
	d.scale_b = b.scale;
	d.scale = call->out->type.scale;
	d.narrow =
	    a.precision <= NARROW_DIGITS && b.precision <= NARROW_DIGITS && call->out->type.precision <= NARROW_DIGITS;
	return d;
}

static bool add_one(const decimals *d, mill_i128 x, mill_i128 y, bool subtract, mill_i128 *out)
{
	mill_i128 a, b, sum;
	if (!mill_decimal_rescale(x, d->scale_a, d->scale, MILL_DECIMAL_DIGITS, &a) ||
	    !mill_decimal_rescale(y, d->scale_b, d->scale, MILL_DECIMAL_DIGITS, &b))
		return false;
	/* Each is below 10^38, but 2·10^38 is past an int128. */
	if (subtract ? mill_sub_overflows(a, b, &sum) : mill_add_overflows(a, b, &sum))
		return false;
	*out = sum;
	return mill_decimal_fits(sum, MILL_DECIMAL_DIGITS);
}

static mill_status add_rows(mill_call *call, bool subtract)
{
	decimals d = decimals_of(call);
	if (d.narrow) {
		int64_t up_a = (int64_t)mill_decimal_pow10(d.scale - d.scale_a),
		        up_b = (int64_t)mill_decimal_pow10(d.scale - d.scale_b);
		int64_t sign = subtract ? -1 : 1;
		for (int64_t i = 0; i < call->rows; i++)
			d.out[i] = (int64_t)((uint64_t)d.a[i * d.stride_a] * (uint64_t)up_a +
			                     (uint64_t)d.b[i * d.stride_b] * (uint64_t)(up_b * sign));
		return MILL_OK;
	}
	for (int64_t i = 0; i < call->rows; i++) {
		d.out[i] = 0;
		if (mill_call_valid(call, i) &&
		    !add_one(&d, d.a[i * d.stride_a], d.b[i * d.stride_b], subtract, &d.out[i]))
			mill_call_fail_row(call, i, MILL_ROW_RANGE);
	}
	return MILL_OK;
}

mill_status mill_k_add_dec(mill_call *call, mill_error *err)
{
	(void)err;
	return add_rows(call, false);
}

mill_status mill_k_sub_dec(mill_call *call, mill_error *err)
{
	(void)err;
	return add_rows(call, true);
}

mill_status mill_k_mul_dec(mill_call *call, mill_error *err)
{
	decimals d = decimals_of(call);
	(void)err;
	if (d.narrow) {
		for (int64_t i = 0; i < call->rows; i++)
			d.out[i] = (int64_t)((uint64_t)d.a[i * d.stride_a] * (uint64_t)d.b[i * d.stride_b]);
		return MILL_OK;
	}
	for (int64_t i = 0; i < call->rows; i++) {
		d.out[i] = 0;
		if (mill_call_valid(call, i) &&
		    !mill_decimal_multiply(d.a[i * d.stride_a], d.b[i * d.stride_b], &d.out[i]))
			mill_call_fail_row(call, i, MILL_ROW_RANGE);
	}
	return MILL_OK;
}

mill_status mill_k_div_dec(mill_call *call, mill_error *err)
{
	decimals d = decimals_of(call);
	int shift = d.scale + d.scale_b - d.scale_a;
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		d.out[i] = 0;
		if (!mill_call_valid(call, i))
			continue;
		mill_i128 divisor = d.b[i * d.stride_b];
		if (divisor == 0)
			mill_call_fail_row(call, i, MILL_ROW_DIVISION);
		else if (!mill_decimal_divide(d.a[i * d.stride_a], divisor, shift, &d.out[i]))
			mill_call_fail_row(call, i, MILL_ROW_RANGE);
	}
	return MILL_OK;
}

mill_status mill_k_mod_dec(mill_call *call, mill_error *err)
{
	decimals d = decimals_of(call);
	(void)err;
	for (int64_t i = 0; i < call->rows; i++) {
		mill_i128 a, b;
		d.out[i] = 0;
		if (!mill_call_valid(call, i))
			continue;
		if (d.b[i * d.stride_b] == 0)
			mill_call_fail_row(call, i, MILL_ROW_DIVISION);
		else if (!mill_decimal_rescale(d.a[i * d.stride_a], d.scale_a, d.scale, MILL_DECIMAL_DIGITS, &a) ||
		         !mill_decimal_rescale(d.b[i * d.stride_b], d.scale_b, d.scale, MILL_DECIMAL_DIGITS, &b))
			mill_call_fail_row(call, i, MILL_ROW_RANGE);
		else
			d.out[i] = a % b;
	}
	return MILL_OK;
}

#define DECIMAL_UNARY(NAME, RESULT)                                 \
	mill_status mill_k_##NAME(mill_call *call, mill_error *err) \
	{                                                           \
		decimals d = decimals_of(call);                     \
		(void)err;                                          \
		for (int64_t i = 0; i < call->rows; i++) {          \
			mill_i128 x = d.a[i * d.stride_a];          \
			d.out[i] = RESULT;                          \
		}                                                   \
		return MILL_OK;                                     \
	}

/* Unsigned, so that a NULL row's undefined value cannot overflow. */
DECIMAL_UNARY(neg_dec, (mill_i128)(0 - (mill_u128)x))
DECIMAL_UNARY(abs_dec, (mill_i128)(x < 0 ? 0 - (mill_u128)x : (mill_u128)x))
DECIMAL_UNARY(sign_dec, (mill_i128)((x > 0) - (x < 0)))
