/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TIMELINE_STAGE_H
#define BATON_TOOLS_TIMELINE_STAGE_H

#include "sim/scenario_run.h"
#include "tools/timeline.h"

/* Looks on at a scenario for a timeline. */
struct baton_timeline_stage;

struct baton_timeline_stage *baton_timeline_stage_new(void);
void baton_timeline_stage_free(struct baton_timeline_stage *stage);

/* For baton_scenario_play(); lives as long as the stage. */
const struct baton_scenario_watcher *
baton_timeline_stage_watcher(const struct baton_timeline_stage *stage);

/* What it saw; lives as long as the stage. */
const struct baton_timeline *
baton_timeline_stage_timeline(const struct baton_timeline_stage *stage);

#endif
