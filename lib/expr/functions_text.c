#include "expr/internal.h"
mill_function_table mill_functions_text(void)
{
	return (mill_function_table){0};
}
