/* The column kernels for any CPU, and the choice between the copies. */
#include "base/simd.h"
#include "formats/csv/number.h"

#define KERNELS_TABLE mill_csv_kernels_portable
#define KERNELS_TARGET
#define KERNELS_NUMBER(p, n, point, out) csv_number_plain(p, n, point, out)
#define KERNELS_TIMESTAMP(p, n, out)     false
#include "formats/csv/kernels_body.h"

static const mill_csv_kernels *table_of(int simd)
{
#if MILL_SIMD_HAVE_V3
	if (simd == MILL_SIMD_V3)
		return &mill_csv_kernels_v3;
#else
	(void)simd;
#endif
	return &mill_csv_kernels_portable;
}

mill_csv_kernel_fn *mill_csv_kernel_of(const mill_csv_rules *rules, mill_type type, int simd)
{
	const mill_csv_kernels *k = table_of(simd);
	bool has_format = rules->format.element_count > 0;
	switch (type.id) {
	case MILL_TYPE_INT8: return k->int8;
	case MILL_TYPE_INT16: return k->int16;
	case MILL_TYPE_INT32: return k->int32;
	case MILL_TYPE_INT64: return k->int64;
	case MILL_TYPE_UINT8: return k->uint8;
	case MILL_TYPE_UINT16: return k->uint16;
	case MILL_TYPE_UINT32: return k->uint32;
	case MILL_TYPE_UINT64: return k->uint64;
	case MILL_TYPE_FLOAT32: return k->float32;
	case MILL_TYPE_FLOAT64: return k->float64;
	case MILL_TYPE_DECIMAL: return k->decimal;
	case MILL_TYPE_DATE: return has_format && !rules->format.has_time ? NULL : k->date;
	case MILL_TYPE_TIMESTAMP: return has_format ? NULL : k->timestamp;
	case MILL_TYPE_NULL:
	case MILL_TYPE_BOOL:
	case MILL_TYPE_STRING:
	case MILL_TYPE_BINARY:
	case MILL_TYPE_INTERVAL:
	case MILL_TYPE_LIST:
	case MILL_TYPE_STRUCT: break;
	}
	return NULL;
}

void mill_csv_read_text(const mill_csv_fields *fields, int simd, mill_csv_text_output *output)
{
	table_of(simd)->text(fields, output);
}

size_t mill_csv_text_length(const mill_csv_fields *fields)
{
	size_t total = 0;
	for (int64_t r = 0; r < fields->rows; r++) {
		const uint32_t *ends = fields->ends + fields->first[r] + fields->field;
		total += ends[1] - ends[0] - 1;
	}
	return total;
}
