#include "base/json.h"

#include "base/checked.h"
#include "base/json_scan.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
	mill_arena *arena;
	const char *original; /* with its numbers */
	const mill_json_token *tokens;
	size_t token_count;
	size_t next;
	const mill_json_source *source;
	mill_error *err;
} builder;

static mill_status out_of_memory(builder *b)
{
	return mill_fail_nomem(b->err, b->token_count, b->source->name);
}

/* cJSON built the tree from the same text in the same order, so tokens and nodes pair up one to one. */
static mill_status take_token(builder *b, const mill_json_token **out)
{
	if (b->next == b->token_count)
		return mill_fail(b->err, MILL_INTERNAL, "%s: the JSON tree does not match its text", b->source->name);
	*out = &b->tokens[b->next++];
	return MILL_OK;
}

static mill_status set_text(builder *b, mill_json *node, const char *text, size_t text_bytes)
{
	node->text = mill_arena_strndup(b->arena, text, text_bytes);
	node->text_bytes = text_bytes;
	return node->text == NULL ? out_of_memory(b) : MILL_OK;
}

static mill_status build(builder *b, const cJSON *item, mill_json *node);

static mill_status build_items(builder *b, const cJSON *item, mill_json *node)
{
	int64_t count = 0;
	for (const cJSON *child = item->child; child != NULL; child = child->next)
		count++;
	node->items = mill_arena_array(b->arena, (size_t)count, sizeof *node->items);
	if (node->items == NULL)
		return out_of_memory(b);
	node->count = count;
	mill_json *next = node->items;
	for (const cJSON *child = item->child; child != NULL; child = child->next, next++) {
		next->parent = node;
		if (node->kind == MILL_JSON_OBJECT) {
			const mill_json_token *key = NULL;
			MILL_TRY(take_token(b, &key));
			next->key = mill_arena_strdup(b->arena, child->string);
			if (next->key == NULL)
				return out_of_memory(b);
		}
		MILL_TRY(build(b, child, next));
	}
	return MILL_OK;
}

static int compare_keys(const void *a, const void *b)
{
	const mill_json *const *left = a, *const *right = b;
	int order = strcmp((*left)->key, (*right)->key);
	return order != 0 ? order : (*left > *right) - (*left < *right);
}

static mill_status refuse_duplicate_keys(builder *b, const mill_json *node)
{
	if (node->count < 2)
		return MILL_OK;
	const mill_json **sorted = mill_arena_array(b->arena, (size_t)node->count, sizeof *sorted);
	if (sorted == NULL)
		return out_of_memory(b);
	for (int64_t i = 0; i < node->count; i++)
		sorted[i] = &node->items[i];
	qsort(sorted, (size_t)node->count, sizeof *sorted, compare_keys);
	for (int64_t i = 1; i < node->count; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			return mill_json_fail(node, b->err, "duplicate key \"%s\" (lines %d and %d)", sorted[i]->key,
			                      sorted[i - 1]->line, sorted[i]->line);
	return MILL_OK;
}

static mill_status build(builder *b, const cJSON *item, mill_json *node)
{
	const mill_json_token *token = NULL;
	MILL_TRY(take_token(b, &token));
	node->source = b->source;
	node->line = token->line;
	node->column = token->column;
	switch (item->type & 0xFF) {
	case cJSON_NULL: node->kind = MILL_JSON_NULL; return MILL_OK;
	case cJSON_True:
	case cJSON_False:
		node->kind = MILL_JSON_BOOL;
		node->boolean = cJSON_IsTrue(item);
		return MILL_OK;
	case cJSON_Number:
		node->kind = MILL_JSON_NUMBER;
		MILL_TRY(set_text(b, node, b->original + token->offset, token->size_bytes));
		node->number = strtod(node->text, NULL);
		return MILL_OK;
	case cJSON_String:
		node->kind = MILL_JSON_STRING;
		return set_text(b, node, item->valuestring, strlen(item->valuestring));
	case cJSON_Array: node->kind = MILL_JSON_ARRAY; return build_items(b, item, node);
	case cJSON_Object:
		node->kind = MILL_JSON_OBJECT;
		MILL_TRY(build_items(b, item, node));
		return refuse_duplicate_keys(b, node);
	default: return mill_fail(b->err, MILL_INTERNAL, "%s: a JSON value of an unknown kind", b->source->name);
	}
}

/* text is fit for cJSON. Its tree lives outside the accounting allocator, so it is charged for while it does. */
static mill_status build_tree(builder *b, const char *text, size_t size_bytes, mill_json *root)
{
	int64_t charge_bytes = 0;
	size_t node_bytes = sizeof(cJSON) + 64; /* a node with malloc's overhead and that of its strings */
	if (mill_mul_overflows(b->token_count, node_bytes, &charge_bytes) ||
	    mill_add_overflows(charge_bytes, size_bytes, &charge_bytes) ||
	    !mill_mem_charge(b->arena->mem, charge_bytes))
		return out_of_memory(b);
	mill_status status;
	cJSON *tree = cJSON_ParseWithLengthOpts(text, size_bytes + 1, NULL, 1);
	if (tree == NULL)
		status = mill_fail(b->err, MILL_INTERNAL, "%s: cJSON refuses this document or is out of memory",
		                   b->source->name);
	else
		status = build(b, tree, root);
	cJSON_Delete(tree);
	mill_mem_discharge(b->arena->mem, charge_bytes);
	return status;
}

static mill_status new_source(mill_arena *arena, const char *name, mill_status refusal, const mill_json_source **out)
{
	mill_json_source *source = mill_arena_alloc(arena, sizeof *source);
	char *copy = mill_arena_strdup(arena, name);
	if (source == NULL || copy == NULL)
		return MILL_NOMEM;
	*source = (mill_json_source){copy, refusal};
	*out = source;
	return MILL_OK;
}

mill_status mill_json_parse_as(const char *text, size_t size_bytes, const char *name, mill_status refusal,
                               mill_arena *arena, mill_json **out, mill_error *err)
{
	const mill_json_source *source = NULL;
	mill_json *root = mill_arena_alloc(arena, sizeof *root);
	if (root == NULL || new_source(arena, name, refusal, &source) != MILL_OK)
		return mill_fail_nomem(err, size_bytes, name);
	mill_bytes copy, tokens;
	mill_bytes_init(&copy, arena->mem);
	mill_bytes_init(&tokens, arena->mem);
	mill_status status = mill_bytes_append(&copy, text, size_bytes);
	if (status == MILL_OK)
		status = mill_bytes_terminate(&copy);
	if (status != MILL_OK) {
		status = mill_fail_nomem(err, size_bytes, name);
		goto done;
	}
	MILL_TRY_GOTO(mill_json_scan((char *)copy.data, size_bytes, source, &tokens, err), done);
	builder b = {arena, text, (const mill_json_token *)(const void *)tokens.data, 0, 0, source, err};
	b.token_count = tokens.size_bytes / sizeof(mill_json_token);
	MILL_TRY_GOTO(build_tree(&b, (const char *)copy.data, size_bytes, root), done);
	*out = root;
done:
	mill_bytes_release(&tokens);
	mill_bytes_release(&copy);
	return status;
}

mill_status mill_json_parse(const char *text, size_t size_bytes, const char *name, mill_arena *arena, mill_json **out,
                            mill_error *err)
{
	return mill_json_parse_as(text, size_bytes, name, MILL_USAGE, arena, out, err);
}
