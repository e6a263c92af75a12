/* What ranks refused, put together. */
#include "features/features_private.h"

#include <string.h>

/* A refusal on its way between ranks of one build. */
typedef struct refusal_record {
	int32_t tensor;
	int32_t chain;
	int32_t kind;
	int32_t transform; /* of the chain's recipe; −1: at the tensor */
	int32_t split;
	int32_t reserved;
	int64_t row;
	int64_t count;
	char example[MILL_REFUSAL_EXAMPLE];
} refusal_record;

mill_status mill_refusals_raise(const mill_features *features, mill_error *err)
{
	for (int t = 0; t < features->tensor_count; t++)
		for (int c = 0; c < features->tensors[t].chain_count; c++)
			MILL_TRY(mill_refusal_raise(&features->tensors[t], &features->tensors[t].chains[c], err));
	return MILL_OK;
}

static int32_t index_of(const mill_recipe *recipe, const mill_transform *transform)
{
	for (int s = 0; s < recipe->count; s++)
		if (recipe->transforms[s] == transform)
			return s;
	return -1;
}

/* Writes this chain's refusals and forgets them. */
static mill_status pack_chain(mill_chain *chain, int tensor, int index, mill_bytes *out)
{
	for (int k = 0; k < MILL_REFUSAL_KINDS; k++) {
		const mill_refusal *f = &chain->refusals[k];
		if (f->count == 0)
			continue;
		refusal_record record = {.tensor = tensor, .chain = index, .kind = k, .count = f->count};
		record.transform = index_of(chain->recipe, f->transform);
		record.split = f->first.split;
		record.row = f->first.row;
		memcpy(record.example, f->example, sizeof record.example);
		MILL_TRY(mill_bytes_append(out, &record, sizeof record));
	}
	memset(chain->refusals, 0, sizeof chain->refusals);
	return MILL_OK;
}

static mill_status pack(mill_features *features, mill_bytes *out, mill_error *err)
{
	for (int t = 0; t < features->tensor_count; t++)
		for (int c = 0; c < features->tensors[t].chain_count; c++)
			if (pack_chain(&features->tensors[t].chains[c], t, c, out) != MILL_OK)
				return mill_fail_nomem(err, out->size_bytes, "rows that were refused");
	return MILL_OK;
}

static void absorb(mill_features *features, const refusal_record *record, const char *const *splits)
{
	mill_chain *chain = &features->tensors[record->tensor].chains[record->chain];
	mill_refusal *f = &chain->refusals[record->kind];
	mill_place place = {record->split, splits[record->split], record->row};
	bool is_first = f->count == 0 || place.split < f->first.split ||
	                (place.split == f->first.split && place.row < f->first.row);
	f->count += record->count;
	if (!is_first)
		return;
	f->first = place;
	f->transform = record->transform >= 0 ? chain->recipe->transforms[record->transform] : NULL;
	memcpy(f->example, record->example, sizeof f->example);
}

mill_status mill_features_judge(mill_features *features, const char *const *splits, mill_comm *comm, mill_error *err)
{
	mill_bytes mine, all;
	mill_bytes_init(&mine, features->mem);
	mill_bytes_init(&all, features->mem);
	mill_status status = mill_comm_agree(comm, pack(features, &mine, err), err);
	if (status == MILL_OK)
		status = mill_comm_allgather(comm, mine.data, mine.size_bytes, &all, NULL, err);
	for (size_t at = 0; status == MILL_OK && at + sizeof(refusal_record) <= all.size_bytes;
	     at += sizeof(refusal_record)) {
		refusal_record record;
		memcpy(&record, all.data + at, sizeof record);
		absorb(features, &record, splits);
	}
	if (status == MILL_OK)
		status = mill_comm_agree(comm, mill_refusals_raise(features, err), err);
	mill_bytes_release(&all);
	mill_bytes_release(&mine);
	return status;
}
