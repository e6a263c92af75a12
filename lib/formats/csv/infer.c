/* Guesses over the first rows. */
#include "formats/csv/infer.h"

#include "base/civil_text.h"
#include "base/number.h"
#include "formats/csv/kernels.h"

static uint32_t number_types(const char *text, size_t length, bool quoted)
{
	int64_t i;
	double f;
	char last = text[length - 1];
	bool is_word = last != '.' && (unsigned char)(last - '0') > 9; /* nan, inf, infinity */
	if (mill_parse_i64(text, length, &i) == MILL_PARSED)
		return MILL_CSV_MAY_BE_INT64 | MILL_CSV_MAY_BE_FLOAT64;
	if ((is_word && quoted) || mill_parse_f64(text, length, &f) != MILL_PARSED)
		return 0;
	return MILL_CSV_MAY_BE_FLOAT64;
}

static uint32_t time_types(const mill_csv_rules *rules, const char *text, size_t length)
{
	int32_t days;
	int64_t us;
	bool zoned;
	if (rules->format.element_count > 0)
		return mill_time_format_parse(&rules->format, text, length, &us) ? MILL_CSV_MAY_BE_FORMAT : 0;
	if (mill_parse_date(text, length, &days))
		return MILL_CSV_MAY_BE_DATE | MILL_CSV_MAY_BE_TIMESTAMP | MILL_CSV_MAY_BE_ZONED;
	if (!mill_parse_timestamp(text, length, &us, &zoned))
		return 0;
	return zoned ? MILL_CSV_MAY_BE_ZONED : MILL_CSV_MAY_BE_TIMESTAMP;
}

static void meet(const mill_csv_rules *rules, const char *text, size_t length, bool quoted, mill_csv_guess *guess)
{
	bool flag;
	uint32_t types = 0;
	mill_text_strip(&text, &length);
	if (length > 0) {
		types = number_types(text, length, quoted) | time_types(rules, text, length);
		types |= mill_text_parse_bool(&rules->text, text, length, &flag) ? MILL_CSV_MAY_BE_BOOL : 0;
	}
	guess->has_value = true;
	guess->types &= types;
}

void mill_csv_guess_field(const mill_csv_rules *rules, const char *field, size_t length, mill_csv_guess *guess)
{
	mill_csv_cell cell;
	if (guess->types == 0 || mill_csv_content(rules, field, length, NULL, &cell) == MILL_CSV_NULL)
		return;
	meet(rules, cell.text, cell.length, cell.quoted, guess);
}

mill_type mill_csv_guessed_type(const mill_csv_rules *rules, const mill_csv_guess *guess)
{
	uint32_t types = guess->has_value ? guess->types : 0;
	if ((types & MILL_CSV_MAY_BE_FORMAT) != 0)
		return rules->format.has_time ? mill_type_timestamp(rules->format.has_zone)
		                              : mill_type_of(MILL_TYPE_DATE);
	if ((types & MILL_CSV_MAY_BE_BOOL) != 0)
		return mill_type_of(MILL_TYPE_BOOL);
	if ((types & MILL_CSV_MAY_BE_INT64) != 0)
		return mill_type_of(MILL_TYPE_INT64);
	if ((types & MILL_CSV_MAY_BE_FLOAT64) != 0)
		return mill_type_of(MILL_TYPE_FLOAT64);
	if ((types & MILL_CSV_MAY_BE_DATE) != 0)
		return mill_type_of(MILL_TYPE_DATE);
	if ((types & MILL_CSV_MAY_BE_TIMESTAMP) != 0)
		return mill_type_timestamp(false);
	if ((types & MILL_CSV_MAY_BE_ZONED) != 0)
		return mill_type_timestamp(true);
	return mill_type_of(MILL_TYPE_STRING);
}

mill_status mill_csv_sample(mill_csv_buffer *buffer, const mill_csv_rules *rules, int simd, int field_count,
                            mill_csv_guess *guesses, mill_error *err)
{
	mill_csv_rows rows;
	mill_csv_rows_init(&rows, buffer->mem);
	mill_status status = MILL_OK;
	int64_t left = MILL_CSV_SAMPLE_ROWS;
	do {
		status = mill_csv_rows_next(&rows, buffer, &rules->bytes, simd, field_count, left, INT64_MAX, err);
		if (status != MILL_OK)
			break;
		mill_csv_fields fields = {.text = buffer->text, .ends = rows.index.ends, .first = rows.first};
		for (int64_t r = 0; r < rows.count; r++)
			for (int f = 0; f < field_count; f++) {
				size_t length;
				fields.field = (uint32_t)f;
				const char *field = mill_csv_field(&fields, r, &length);
				mill_csv_guess_field(rules, field, length, &guesses[f]);
			}
		left -= rows.seen;
		mill_csv_buffer_drop(buffer, rows.consumed_bytes);
	} while (left > 0 && !rows.at_end);
	mill_csv_rows_release(&rows);
	return status;
}
