/* `explain --format json|dot`: the plan's nodes for programs and for Graphviz. Private to the job room. */
#ifndef MILL_JOB_EXPLAIN_GRAPH_H
#define MILL_JOB_EXPLAIN_GRAPH_H

#include "job/store_block.h"

/* Why rows of a node move between ranks; NULL: they stay. Not collective. */
const char *mill_explain_reason(const mill_plan *plan);

/* {"job", "sources": [{name, bytes, splits, columns}], "nodes": [{id, feeds, text, moves}], "store"}: feeds is the node
 * that reads this one, null for the last one and for a scalar sub-query's last one, whose number is "subquery"; moves
 * is why rows leave their ranks, null where they stay. block NULL: of a step, no store. MILL_NOMEM. Not collective. */
MILL_NODISCARD mill_status mill_explain_json(const mill_job_catalog *catalog, const mill_job_file *job,
                                             const mill_plan *plan, const mill_store_block *block, mill_bytes *out);
/* The same nodes as a Graphviz digraph: `rankmill explain JOB --format dot | dot -Tsvg`. Not
 * collective. */
MILL_NODISCARD mill_status mill_explain_dot(const mill_job_catalog *catalog, const mill_job_file *job,
                                            const mill_plan *plan, mill_bytes *out);

#endif
