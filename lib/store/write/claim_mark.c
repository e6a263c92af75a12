/* run.json: whose run OUT belongs to. */
#include "store/write/claim_private.h"

#include "base/json_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void boot_id(char out[MILL_BOOT_ID_BYTES])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, MILL_BOOT_ID_BYTES - 1);
	if (fd >= 0)
		close(fd);
	out[n < 0 ? 0 : n] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

void mill_claim_own_mark(const char *job_hash, mill_claim_mark *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->job_hash, job_hash, strnlen(job_hash, sizeof(out->job_hash) - 1));
	if (gethostname(out->host, sizeof(out->host) - 1) != 0)
		out->host[0] = '\0';
	boot_id(out->boot_id);
	out->pid = getpid();
}

static void copy_member(const mill_json *node, const char *key, char *out, size_t out_bytes)
{
	const mill_json *member = mill_json_get(node, key);
	if (member != NULL && member->kind == MILL_JSON_STRING)
		memcpy(out, member->text, strnlen(member->text, out_bytes - 1));
}

mill_status mill_claim_parse_mark(const char *text, size_t size_bytes, mill_mem *mem, mill_claim_mark *out,
                                  bool *marked, mill_error *err)
{
	mill_arena arena;
	mill_json *node = NULL;
	memset(out, 0, sizeof(*out));
	*marked = false;
	if (size_bytes == 0)
		return MILL_OK;
	mill_arena_init(&arena, mem);
	mill_status status = mill_json_parse(text, size_bytes, "run.json", &arena, &node, NULL);
	if (status == MILL_OK) {
		copy_member(node, "job_hash", out->job_hash, sizeof(out->job_hash));
		copy_member(node, "host", out->host, sizeof(out->host));
		copy_member(node, "boot_id", out->boot_id, sizeof(out->boot_id));
		*marked = mill_json_opt_int(node, "pid", 0, INT32_MAX, &out->pid, NULL) == MILL_OK;
	}
	mill_arena_release(&arena);
	return status == MILL_NOMEM ? mill_fail_nomem(err, size_bytes, "run.json") : MILL_OK;
}

mill_status mill_claim_mark_text(const mill_claim_mark *mark, mill_bytes *out, mill_error *err)
{
	mill_json_writer json;
	mill_json_writer_init(&json, out, true);
	mill_json_put_object(&json, NULL);
	mill_json_put_text(&json, "job_hash", mark->job_hash);
	mill_json_put_text(&json, "host", mark->host);
	mill_json_put_int(&json, "pid", mark->pid);
	mill_json_put_text(&json, "boot_id", mark->boot_id);
	mill_json_end(&json);
	return mill_json_finish(&json) == MILL_OK ? MILL_OK : mill_fail_nomem(err, out->size_bytes, "run.json");
}

mill_claim_life mill_claim_life_of(const mill_claim_mark *mark)
{
	mill_claim_mark own;
	mill_claim_own_mark("", &own);
	if (strcmp(mark->host, own.host) != 0 || strcmp(mark->boot_id, own.boot_id) != 0)
		return MILL_CLAIM_ELSEWHERE;
	if (mark->pid == own.pid || mark->pid <= 0)
		return MILL_CLAIM_DEAD;
	return kill((pid_t)mark->pid, 0) == 0 || errno == EPERM ? MILL_CLAIM_ALIVE : MILL_CLAIM_DEAD;
}

mill_status mill_claim_check_mark(const mill_store_claim *claim, const mill_claim_mark *old, mill_error *err)
{
	if (strcmp(old->job_hash, claim->own.job_hash) == 0 || claim->overwrite)
		return MILL_OK;
	return mill_fail(err, MILL_EXISTS,
	                 "%s: holds what an unfinished run of another job left (host %s, pid %lld); "
	                 "discard it with --overwrite or choose another --out",
	                 claim->out, old->host, (long long)old->pid);
}
