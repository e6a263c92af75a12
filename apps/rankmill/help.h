/* What `--help` and `rankmill help` print. Not collective. */
#ifndef RANKMILL_APPS_HELP_H
#define RANKMILL_APPS_HELP_H

#include "command.h"

/* Usage and options of one sub-command, on stdout. */
void help_command(const subcommand *command);

#endif
