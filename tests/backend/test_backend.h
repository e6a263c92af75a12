/* An object store for the tests: the scheme test://BUCKET/KEY over a local folder. Not collective.
 *
 * It has what object stores have and no more: flat keys, listings in pages, write-once objects made of parts, commits
 * under a condition, no rename, no append, no folders. Every operation takes time and completes out of order. Objects
 * are files ROOT/BUCKET/NAME, NAME being the key with % and / written as %25 and %2F. ROOT and what goes wrong are in
 * the environment:
 *
 *	RANKMILL_TEST_STORAGE=root=DIR[,NAME=VALUE]…
 *
 *	latency_us=N          every operation takes that long (default 200)
 *	page=N                entries a listing's page (default 3)
 *	short_every=N         every N-th read gives half of what was asked
 *	transient_every=N     every N-th operation fails once, worth trying again
 *	refuse=TEXT           reads of keys that hold TEXT fail for good
 *	refuse_commit=TEXT    commits of keys that hold TEXT fail for good
 *	kill_commit=TEXT      the process is killed at such a commit
 *	change=TEXT           an object whose key holds TEXT changes at its third read, in each process
 *	stall=TEXT            reads of keys that hold TEXT are never answered
 *
 * When a storage is released a line with what happened is added to ROOT/.log. */
#ifndef RANKMILL_TESTS_TEST_BACKEND_H
#define RANKMILL_TESTS_TEST_BACKEND_H

#include "storage/backend.h"

extern const mill_storage_backend test_backend;

#endif
