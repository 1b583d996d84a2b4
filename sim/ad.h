/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_AD_H
#define BATON_SIM_AD_H

/* The advertising data of a simulated watch: what one of them says. */

#include <stddef.h>
#include <stdint.h>

#include "crypto/advert.h"

#define BATON_SIM_AD_MAX 31

enum baton_sim_ad {
	BATON_SIM_AD_OTHER, /* nothing of ours */
	BATON_SIM_AD_SERVICE, /* flags and the service */
	BATON_SIM_AD_PRIVATE, /* flags and an advert (crypto/SPEC.md 12) */
};

/* Write either of the two, advert being that of PRIVATE; gives the length. */
size_t baton_sim_ad_make(uint8_t dst[BATON_SIM_AD_MAX], enum baton_sim_ad ad,
			 const uint8_t *advert);

/* What it is; the advert of PRIVATE into advert. */
enum baton_sim_ad baton_sim_ad_read(const uint8_t *data, size_t len,
				    uint8_t advert[BATON_ADVERT_LEN]);

#endif
