/* Starting ranks and watching over them (architecture §4). Not collective. */
#ifndef RANKMILL_APPS_LAUNCH_H
#define RANKMILL_APPS_LAUNCH_H

#include "base/status.h"
#include <stdbool.h>

/* Cores that affinity and the cgroup's CPU quota allow. */
int launch_core_count(void);
/* Runs `rankmill argv…` on `ranks` ranks through mpirun and waits until the last of them is gone. Forwards SIGTERM and
 * SIGINT as SIGUSR1; removes what killed ranks left in scratch (NULL: the environment's); returns the documented exit
 * code. A message is printed where no rank could print one. */
int launch_ranks(int ranks, const char *scratch, char **argv);
/* Installs the handlers of a rank: SIGUSR1 (and, without a launcher, SIGTERM and SIGINT) asks it to stop; where there
 * is nothing to clean up it ends at once with 75. Returns the flag. */
const volatile int *launch_install_stop(bool launched, bool leaves_nothing);
/* Has the reader of stdout gone (`| head`)? Then there is nobody to tell. */
bool launch_reader_left(void);

/* Columns of the terminal that stderr goes to, 0: it goes elsewhere, or to one that cannot draw. Asked of the terminal,
 * or of the supervisor that started this rank. */
int launch_terminal_columns(void);

#endif
