#include "expr/text_out.h"
#include "expr/program.h"

static void use_buffer(mill_text_out *text, mill_buffer *buffer)
{
	mill_buffer_release(text->call->out->owners[2]);
	text->call->out->owners[2] = buffer;
	text->call->out->bytes = (char *)buffer->data;
	text->buffer = buffer;
	text->bytes = (char *)buffer->data;
	text->capacity = buffer->size_bytes;
}

mill_status mill_text_begin(mill_text_out *text, mill_call *call, size_t guess_bytes, mill_error *err)
{
	mill_buffer *buffer;
	*text = (mill_text_out){.call = call};
	MILL_TRY(mill_program_buffer(call->program, guess_bytes, &buffer, err));
	use_buffer(text, buffer);
	return MILL_OK;
}

mill_status mill_text_grow(mill_text_out *text, size_t extra_bytes, mill_error *err)
{
	mill_buffer *buffer;
	size_t wanted = text->used + extra_bytes;
	if (wanted > INT32_MAX)
		return mill_fail(err, MILL_DATA, "text of one batch passes 2 GiB; make batches smaller");
	if (wanted < text->capacity * 2)
		wanted = text->capacity * 2;
	MILL_TRY(mill_program_buffer(text->call->program, wanted, &buffer, err));
	memcpy(buffer->data, text->bytes, text->used);
	use_buffer(text, buffer);
	return MILL_OK;
}
