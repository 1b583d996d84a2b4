/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_RULES_H
#define BATON_SESSION_RULES_H

/*
 * The rules of ownership (OWNERSHIP.md 2), each of which a build of tests can leave
 * out, by the value of a variable, to see that what goes wrong without it is
 * found. In every other build all hold, and nothing is left of this.
 */
#ifdef BATON_RULES_ON_TRIAL
extern unsigned int baton_without_rule;
#define BATON_WITHOUT_RULE baton_without_rule
#else
#define BATON_WITHOUT_RULE 0u
#endif

#define BATON_RULE_1_KEPT 1u /* epochs outlive the activity */
#define BATON_RULE_2_STATE 2u /* only the state that was released */
#define BATON_RULE_3_DURABLE 3u /* a refusal is written first */
#define BATON_RULE_4_CANCEL 4u /* only REFUSED gives back */
#define BATON_RULE_4_LEASE 5u /* ... and gives back what was there */
#define BATON_RULE_6_NONCE 6u /* the lease runs from the nonce */
#define BATON_RULE_6_MARGIN 7u /* the phone waits for drift too */
#define BATON_RULE_6_REBOOT 8u /* and anew after a reboot */
#define BATON_RULE_6_CLOCK 9u /* never by a clock that jumps */
#define BATON_RULE_7_REBOOT 10u /* a reboot ends the lease */
#define BATON_RULE_7_WAIT 11u /* the wait restarts before the answer */
#define BATON_RULE_7_NONCE 12u /* a renewed lease runs from its nonce */
#define BATON_RULE_8_COPY 13u /* the lender keeps its copy */
#define BATON_RULE_8_SKIP 14u /* taking back skips an epoch */
#define BATON_RULE_RELEASE 15u /* released durably, then told */
#define BATON_RULE_ADOPT 16u /* adopted durably, then confirmed */
#define BATON_RULES 16u

#define BATON_RULE(rule) (BATON_WITHOUT_RULE != BATON_RULE_##rule)

#endif
