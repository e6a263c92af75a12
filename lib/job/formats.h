/* The formats that sources can have: one line of the list per format. Private to the job room. Not collective. */
#ifndef MILL_JOB_FORMATS_H
#define MILL_JOB_FORMATS_H

#include "formats/registry.h"

extern const mill_formats mill_known_formats;

#endif
