/* The names that SQL of a run may say: sources, steps, quoted paths, table functions. Private to the job room. */
#ifndef MILL_JOB_CATALOG_H
#define MILL_JOB_CATALOG_H

#include "job/source_block.h"

/* A table of the job by name. Steps are wrapped in a SHARED plan, so that several consumers run it once. */
typedef struct mill_named_table {
	const char *name;
	mill_table *table;      /* a source, once opened */
	mill_source_spec *spec; /* a source that is opened at its first use */
	mill_plan *plan;        /* a step */
	bool used;
} mill_named_table;

typedef struct mill_job_catalog {
	mill_catalog base;
	mill_run *run;
	mill_named_table *tables;
	int count;
	int capacity;
	int shared_count; /* numbers given so far */
	int subquery_count;
	mill_plan **subqueries; /* of all statements bound so far */
	int run_subqueries;     /* whose values are params already */
	const mill_json *steps; /* of the job, for messages: NULL in scripts */
	int64_t step;           /* the one that is being bound */
	bool is_script;         /* query: a quoted name may be a path */
} mill_job_catalog;

/* An empty catalog over run. is_script: quoted names may be paths, as in `query`. Not collective. */
void mill_job_catalog_init(mill_job_catalog *catalog, mill_run *run, bool is_script);
/* A source by name, opened at its first use. spec is copied. MILL_USAGE: the name is taken. Not collective. */
MILL_NODISCARD mill_status mill_catalog_add_source(mill_job_catalog *catalog, const mill_source_spec *spec,
                                                   mill_error *err);
/* Forgets a table that a statement made. MILL_USAGE: there is none, or it is a source. Not collective. */
MILL_NODISCARD mill_status mill_catalog_drop(mill_job_catalog *catalog, const char *name, bool may_be_missing,
                                             mill_error *err);
/* A step or view by name: its plan becomes SHARED. MILL_USAGE: the name is taken. Not collective. */
MILL_NODISCARD mill_status mill_catalog_add_plan(mill_job_catalog *catalog, const char *name, mill_plan *plan,
                                                 mill_error *err);
/* Collective where it opens a source for the first time. The plan a name stands for; suggests near names. */
MILL_NODISCARD mill_status mill_catalog_plan(mill_job_catalog *catalog, const char *name, mill_plan **out,
                                             mill_error *err);
/* Collective like mill_catalog_plan: the same for the name that a job file gives; messages are located there. */
MILL_NODISCARD mill_status mill_catalog_plan_at(mill_job_catalog *catalog, const mill_json *node, mill_plan **out,
                                                mill_error *err);
/* Collective (opens what it names). Binds one statement; its sub-queries join the catalog's numbering. */
MILL_NODISCARD mill_status mill_catalog_bind(mill_job_catalog *catalog, const char *sql, const char *where,
                                             mill_plan **out, mill_error *err);
/* Not collective. Takes SHARED nodes with one consumer out of the plans, then optimises each in place. */
MILL_NODISCARD mill_status mill_catalog_finish(mill_job_catalog *catalog, mill_plan **plans, int count,
                                               mill_error *err);
/* Collective. Runs every sub-query bound so far, in order; their values become the run's params. */
MILL_NODISCARD mill_status mill_catalog_run_subqueries(mill_job_catalog *catalog, mill_error *err);

#endif
