/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_PLANT_H
#define BATON_TRANSPORT_PLANT_H

/*
 * Known bugs that a build can have one of (meson -Dplant=n), for the test
 * that the random scenarios find each. In every other build there is none,
 * and nothing is left of this.
 */
#ifndef BATON_PLANT
#define BATON_PLANT 0
#endif

#define BATON_PLANT_NO_REPEAT 1 /* a lost ACK is never repeated */
#define BATON_PLANT_WINDOW 2 /* the window is one unit too wide */
#define BATON_PLANT_DOUBLE 3 /* what was taken last is taken again */
#define BATON_PLANT_STALE_TIMER 4 /* progress does not set a timer anew */
#define BATON_PLANT_NO_CREDIT 5 /* credit that was used up never returns */
#define BATON_PLANT_LOST_UNIT 6 /* a unit out of order is acked and lost */
#define BATON_PLANT_RESUME 7 /* a message goes on one byte too early */
#define BATON_PLANT_NUMBER 8 /* old sequence numbers are read as new ones */
#define BATON_PLANT_PART 9 /* a part that overlaps is put behind */
#define BATON_PLANT_EARLY 10 /* a message counts when it has begun */
#define BATON_PLANTS 10

#define BATON_PLANTED(bug) (BATON_PLANT == BATON_PLANT_##bug)

#endif
