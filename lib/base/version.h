/* The version of this program, as `--version` and every manifest tell it. Not collective. */
#ifndef MILL_BASE_VERSION_H
#define MILL_BASE_VERSION_H

#define MILL_VERSION "0.1.0"

#endif
