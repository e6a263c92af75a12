#include "base/status.h"

#include <stdio.h>

int main(void)
{
	fprintf(stderr, "rankmill: nothing is built yet\n");
	return mill_status_exit_code(MILL_NOT_YET);
}
