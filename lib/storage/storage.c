/* The context: which backend a URI leads to. */
#include "storage/storage.h"

#include "storage/io.h"
#include "storage/posix.h"

#include <string.h>

#define SECOND_NS INT64_C(1000000000)

void mill_storage_init(mill_storage *storage, mill_mem *mem)
{
	*storage = (mill_storage){.mem = mem};
	storage->most_tries = 8;
	storage->first_pause_ns = SECOND_NS / 10;
	storage->longest_pause_ns = 10 * SECOND_NS;
	storage->timeout_ns = 120 * SECOND_NS;
	storage->slots[0].backend = &mill_posix_backend;
	storage->slot_count = 1;
}

void mill_storage_release(mill_storage *storage)
{
	for (int i = 0; i < storage->slot_count; i++)
		if (storage->slots[i].started && storage->slots[i].backend->stop != NULL)
			storage->slots[i].backend->stop(storage->slots[i].state);
	*storage = (mill_storage){0};
}

/* The scheme of a URI; "" for a path. */
static size_t scheme_length(const char *uri)
{
	const char *end = strstr(uri, "://");
	return end == NULL ? 0 : (size_t)(end - uri);
}

static mill_storage_slot *slot_of(mill_storage *storage, const char *scheme, size_t length)
{
	for (int i = 0; i < storage->slot_count; i++)
		for (const char *const *name = storage->slots[i].backend->schemes; *name != NULL; name++)
			if (strlen(*name) == length && strncmp(*name, scheme, length) == 0)
				return &storage->slots[i];
	return NULL;
}

mill_status mill_storage_add(mill_storage *storage, const mill_storage_backend *backend, mill_error *err)
{
	for (const char *const *name = backend->schemes; *name != NULL; name++)
		if (slot_of(storage, *name, strlen(*name)) != NULL)
			return mill_fail(err, MILL_INTERNAL, "two storage backends for \"%s\"", *name);
	if (storage->slot_count == MILL_STORAGE_BACKENDS)
		return mill_fail(err, MILL_INTERNAL, "more than %d storage backends", MILL_STORAGE_BACKENDS);
	storage->slots[storage->slot_count++] = (mill_storage_slot){.backend = backend};
	return MILL_OK;
}

size_t mill_uri_root(const char *uri)
{
	size_t scheme = scheme_length(uri);
	return scheme == 0 ? strspn(uri, "/") : scheme + 3 + strcspn(uri + scheme + 3, "/");
}

mill_status mill_storage_find(mill_storage *storage, const char *uri, mill_arena *arena, mill_place *out,
                              mill_error *err)
{
	size_t length = scheme_length(uri);
	mill_storage_slot *slot = slot_of(storage, uri, length);
	if (slot == NULL)
		return mill_fail(err, MILL_NOT_YET,
		                 "%s: %.*s:// is not supported yet; copy or mount the data and give a "
		                 "local path",
		                 uri, (int)length, uri);
	const mill_storage_backend *backend = slot->backend;
	if (!slot->started && backend->start != NULL)
		MILL_TRY(backend->start(backend, storage->mem, &slot->state, err));
	slot->started = true;
	mill_place place = {backend, slot->state, uri, uri};
	if (backend->canonical != NULL)
		MILL_TRY(backend->canonical(uri, arena, &place.uri, err));
	*out = place;
	return MILL_OK;
}
