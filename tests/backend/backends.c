/* In place of the command line's own list: a binary that knows test:// too. */
#include "../../apps/rankmill/backends.h"
#include "test_backend.h"

const struct mill_storage_backend *const more_backends[] = {&test_backend, NULL};
