/* The end of an attempt: pieces of all ranks. */
#include "formats/format.h"

#include <string.h>

mill_status mill_reader_add_piece(mill_format_reader *reader, mill_mem *mem, const mill_piece *piece, mill_error *err)
{
	if (reader->piece_count == reader->piece_capacity) {
		int64_t capacity = reader->piece_capacity * 2 + 16;
		mill_piece *pieces = mill_mem_realloc(mem, reader->pieces, (size_t)capacity * sizeof *pieces);
		if (pieces == NULL)
			return mill_fail_nomem(err, (size_t)capacity * sizeof *pieces, "a scan");
		reader->pieces = pieces;
		reader->piece_capacity = capacity;
	}
	reader->pieces[reader->piece_count++] = *piece;
	return MILL_OK;
}

void mill_reader_drop_pieces(mill_format_reader *reader)
{
	mill_mem_free(reader->pieces);
	reader->pieces = NULL;
	reader->piece_count = reader->piece_capacity = 0;
}

void mill_settlement_cut(mill_settlement *settlement)
{
	int64_t count = 0;
	while (count < settlement->piece_count && (count == 0 || !settlement->pieces[count - 1].left_early))
		count++;
	settlement->piece_count = count;
	settlement->first_mine = mill_min_i64(settlement->first_mine, count);
	settlement->mine_count = mill_min_i64(settlement->mine_count, count - settlement->first_mine);
}

/* Collective. Pieces of all ranks; ranks read contiguous shares of input splits, so they are in order. */
static mill_status gather_pieces(const mill_format_reader *reader, mill_comm *comm, mill_arena *arena,
                                 mill_settlement *out, mill_error *err)
{
	mill_bytes all;
	mill_bytes_init(&all, arena->mem);
	size_t size = (size_t)reader->piece_count * sizeof *reader->pieces;
	size_t *sizes = mill_arena_array(arena, (size_t)mill_comm_size(comm), sizeof *sizes);
	mill_status status = sizes == NULL ? mill_fail_nomem(err, 0, "the pieces of a scan") : MILL_OK;
	MILL_TRY(mill_comm_agree(comm, status, err));
	MILL_TRY(mill_comm_allgather(comm, reader->pieces, size, &all, sizes, err));
	mill_piece *pieces = mill_arena_alloc(arena, all.size_bytes + 1);
	if (pieces == NULL)
		status = mill_fail_nomem(err, all.size_bytes, "the pieces of a scan");
	else if (all.size_bytes > 0)
		memcpy(pieces, all.data, all.size_bytes);
	*out = (mill_settlement){.pieces = pieces, .piece_count = (int64_t)(all.size_bytes / sizeof *pieces)};
	for (int rank = 0; rank < mill_comm_rank(comm); rank++)
		out->first_mine += (int64_t)(sizes[rank] / sizeof *pieces);
	out->mine_count = reader->piece_count;
	mill_bytes_release(&all);
	mill_settlement_cut(out);
	return mill_comm_agree(comm, status, err);
}

mill_status mill_format_settle(mill_format_reader *reader, mill_comm *comm, mill_arena *arena, mill_settlement *out,
                               mill_error *err)
{
	if (reader->format->settle != NULL)
		return reader->format->settle(reader, comm, arena, out, err);
	return gather_pieces(reader, comm, arena, out, err);
}
