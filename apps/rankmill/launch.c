#include "launch.h"

#include "base/mem.h"
#include "spill/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WATCH_EVERY_MS = 500, MOST_CHILDREN = 1024 };
#define HUNG_AFTER_NS INT64_C(10000000000)

/* Handlers can reach nothing else. */
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t child;
static volatile sig_atomic_t first_stop_s;

static void on_stop(int signal_number)
{
	stop_signal = signal_number;
}

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The first signal asks the ranks to stop. One that follows a second or more later means it: mpirun ends them. */
static void on_forward(int signal_number)
{
	int now_s = (int)(now_ns() / 1000000000);
	bool again = stop_signal != 0 && signal_number != SIGUSR1 && now_s - first_stop_s > 1;
	if (stop_signal == 0)
		first_stop_s = now_s;
	stop_signal = signal_number;
	if (child > 0)
		kill(child, again ? SIGTERM : SIGUSR1);
}

static void on_leave(int signal_number)
{
	(void)signal_number;
	_exit(75);
}

static void install(int signal_number, void (*handler)(int))
{
	struct sigaction action = {0};
	action.sa_handler = handler;
	sigemptyset(&action.sa_mask);
	sigaction(signal_number, &action, NULL);
}

/* A terminal that is closed asks for a stop like others; under nohup it does not. */
static void install_hangup(void (*handler)(int))
{
	struct sigaction now;
	if (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
		install(SIGHUP, handler);
}

const volatile int *launch_install_stop(bool launched, bool leaves_nothing)
{
	void (*handler)(int) = leaves_nothing ? on_leave : on_stop;
	install(SIGUSR1, handler);
	install(SIGPIPE, SIG_IGN);
	if (launched) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a rank does not outlive its launcher */
	} else {
		install(SIGTERM, handler);
		install(SIGINT, handler);
		install_hangup(handler);
	}
	return &stop_signal;
}

bool launch_reader_left(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};
	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

static int told_columns(const char *text)
{
	char *end;
	long columns = strtol(text, &end, 10);
	return end != text && columns > 0 && columns < 10000 ? (int)columns : 0;
}

int launch_terminal_columns(void)
{
	struct winsize size = {0};
	const char *kind = getenv("TERM");
	const char *told = getenv("RANKMILL_TERMINAL");
	if (told != NULL)
		return told_columns(told);
	if (!isatty(STDERR_FILENO) || kind == NULL || strcmp(kind, "dumb") == 0)
		return 0;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Quota of cgroup v2 in cores, or 0. */
static int quota_cores(void)
{
	long quota = 0, period = 0;
	FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
	if (file == NULL)
		return 0;
	int n = fscanf(file, "%ld %ld", &quota, &period);
	fclose(file);
	return n == 2 && period > 0 ? (int)((quota + period - 1) / period) : 0;
}

int launch_core_count(void)
{
	cpu_set_t set;
	int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	int quota = quota_cores();
	if (quota > 0 && quota < cores)
		cores = quota;
	return cores > 0 ? cores : 1;
}

/* One host: shared memory and self are all it takes, and probing for more is most of the start-up time. */
static void set_environment(int ranks)
{
	char columns[16];
	snprintf(columns, sizeof columns, "%d", launch_terminal_columns());
	setenv("RANKMILL_TERMINAL", columns, 1);
	setenv("OMPI_MCA_pml", "ob1", 0);
	setenv("OMPI_MCA_btl", "self,vader", 0);
	setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
	if (ranks > launch_core_count())
		setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
	if (geteuid() == 0) {
		setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
		setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
	}
}

static _Noreturn void exec_mpirun(int ranks, int out, char **argv)
{
	char self[4096], count[16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	int argc = 0;
	while (argv[argc] != NULL)
		argc++;
	mill_mem mem;
	mill_mem_init(&mem, INT64_MAX);
	char **args = mill_mem_calloc(&mem, (size_t)argc + 8, sizeof *args);
	if (n <= 0 || args == NULL)
		_exit(1);
	self[n] = '\0';
	snprintf(count, sizeof count, "%d", ranks);
	char *head[] = {"mpirun", "-q", "-n", count, self};
	memcpy(args, head, sizeof head);
	memcpy(args + 5, argv, (size_t)argc * sizeof *args);
	set_environment(ranks);
	setpgid(0, 0); /* the terminal's Ctrl-C comes to us alone, and goes on as SIGUSR1 */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	install(SIGPIPE, SIG_DFL); /* what is ignored stays so over exec */
	if (freopen("/dev/null", "r", stdin) == NULL || dup2(out, STDOUT_FILENO) < 0)
		_exit(1);
	execvp("mpirun", args);
	fprintf(stderr, "rankmill: cannot start mpirun: %s; install openmpi-bin, or use -n 1\n", strerror(errno));
	_exit(127);
}

/* Pids of a process's children, at most `most`; −1 where the system does not tell. */
static int children_of(pid_t parent, pid_t *out, int most)
{
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	size_t n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[n] = '\0';
	char *end = text;
	int count = 0;
	for (long pid = strtol(text, &end, 10); pid > 0 && count < most; pid = strtol(end, &end, 10))
		out[count++] = (pid_t)pid;
	return count;
}

static void kill_children(void)
{
	pid_t pids[MOST_CHILDREN];
	int count = children_of(getpid(), pids, MOST_CHILDREN);
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
}

/* False for a process that ended, waited for or not. */
static bool is_alive(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[n] = '\0';
	const char *at = strrchr(text, ')');
	return at != NULL && at[1] == ' ' && at[2] != 'Z' && at[2] != 'X';
}

/* What the supervisor knows of mpirun's ranks. */
typedef struct rank_watch {
	bool had_ranks;
	int64_t none_since_ns; /* 0: some live */
} rank_watch;

/* mpirun 4.1 may hang in its clean-up when a rank is killed while it connects: a lock that nobody gives back. One whose
 * ranks have all ended and that does not end itself is killed. */
static void end_hung_mpirun(rank_watch *watch)
{
	pid_t pids[MOST_CHILDREN];
	int count = children_of(child, pids, MOST_CHILDREN), alive = 0;
	for (int i = 0; i < count; i++)
		alive += is_alive(pids[i]);
	watch->had_ranks = watch->had_ranks || alive > 0;
	if (count < 0 || alive > 0 || !watch->had_ranks)
		watch->none_since_ns = 0;
	else if (watch->none_since_ns == 0)
		watch->none_since_ns = now_ns();
	else if (now_ns() - watch->none_since_ns > HUNG_AFTER_NS)
		kill(child, SIGKILL);
}

/* mpirun was killed, or left ranks behind: as their sub-reaper this process sees them end. What still lives after two
 * seconds is killed. */
static void reap_ranks(void)
{
	int64_t deadline_ns = now_ns() + 2000000000;
	for (;;) {
		int status = 0;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid > 0 || (pid < 0 && errno == EINTR))
			continue;
		if (now_ns() > deadline_ns)
			kill_children();
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
}

/* What mpirun says → what is documented. Ranks exit with their own codes; everything else is a lost rank. */
static int exit_code(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	switch (code) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
	case 75: return code;
	case 127: return 1;
	default: break;
	}
	if (stop_signal != 0)
		return 75;
	fprintf(stderr,
	        "rankmill: a rank was lost (mpirun ended with %d); nothing of this run is visible, run it again\n",
	        code);
	return 1;
}

static bool write_whole(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);
		if (n < 0 && errno != EINTR)
			return false;
		text += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Passes on what the ranks print until they close it: mpirun itself crashes once nobody reads. Then the ranks are
 * ended, quietly. Returns whether everything found its reader. */
static bool relay_output(int from)
{
	char text[1 << 16];
	bool read_by_someone = true;
	rank_watch watch = {0};
	for (;;) {
		struct pollfd ready = {.fd = from, .events = POLLIN};
		if (poll(&ready, 1, WATCH_EVERY_MS) <= 0) {
			end_hung_mpirun(&watch);
			continue;
		}
		ssize_t n = read(from, text, sizeof text);
		if (n == 0 || (n < 0 && errno != EINTR))
			return read_by_someone;
		if (n > 0 && read_by_someone && !write_whole(STDOUT_FILENO, text, (size_t)n)) {
			read_by_someone = false;
			if (errno != EPIPE)
				fprintf(stderr, "rankmill: cannot write the result: %s\n", strerror(errno));
			kill(child, SIGTERM);
		}
	}
}

int launch_ranks(int ranks, const char *scratch, char **argv)
{
	int status = 0;
	int out[2];
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	install(SIGTERM, on_forward);
	install(SIGINT, on_forward);
	install(SIGUSR1, on_forward);
	install_hangup(on_forward);
	install(SIGPIPE, SIG_IGN);
	fflush(NULL);
	if (pipe2(out, O_CLOEXEC) != 0) {
		fprintf(stderr, "rankmill: cannot make a pipe: %s\n", strerror(errno));
		return 1;
	}
	pid_t pid = fork();
	if (pid < 0) {
		fprintf(stderr, "rankmill: cannot start a process: %s\n", strerror(errno));
		return 1;
	}
	if (pid == 0)
		exec_mpirun(ranks, out[1], argv);
	child = pid;
	if (stop_signal != 0)
		kill(pid, SIGUSR1);
	close(out[1]);
	bool read_by_someone = relay_output(out[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	reap_ranks();
	if (status != 0) /* a rank that was killed could not clean up */
		mill_scratch_clean_stale(&(mill_scratch_options){.folder = scratch, .run_id = "supervisor"});
	return read_by_someone ? exit_code(status) : 1;
}
