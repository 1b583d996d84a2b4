/* SPDX-License-Identifier: MIT */
#include "sim/ad.h"

#include <string.h>

#define HEAD_LEN 4
#define SERVICE_LEN 18 /* complete list of 128-bit services: one */

static const uint8_t flags[] = {2, 0x01, 0x06};
static const uint8_t head[HEAD_LEN] = {HEAD_LEN + BATON_ADVERT_LEN - 1, 0xff,
				       BATON_ADVERT_COMPANY & 0xff,
				       BATON_ADVERT_COMPANY >> 8};
/* The simulator's service, see att.c. */
static const uint8_t service[SERVICE_LEN] = {
	17,   0x07, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba,
	0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba};

size_t baton_sim_ad_make(uint8_t dst[BATON_SIM_AD_MAX], enum baton_sim_ad ad,
			 const uint8_t *advert)
{
	switch (ad) {
	case BATON_SIM_AD_OTHER:
		break;
	case BATON_SIM_AD_SERVICE:
		memcpy(dst, flags, sizeof(flags));
		memcpy(dst + sizeof(flags), service, sizeof(service));
		return sizeof(flags) + sizeof(service);
	case BATON_SIM_AD_PRIVATE:
		memcpy(dst, flags, sizeof(flags));
		memcpy(dst + sizeof(flags), head, sizeof(head));
		memcpy(dst + sizeof(flags) + sizeof(head), advert,
		       BATON_ADVERT_LEN);
		return sizeof(flags) + sizeof(head) + BATON_ADVERT_LEN;
	}
	return 0;
}

enum baton_sim_ad baton_sim_ad_read(const uint8_t *data, size_t len,
				    uint8_t advert[BATON_ADVERT_LEN])
{
	if (len < sizeof(flags) || memcmp(data, flags, sizeof(flags)) != 0)
		return BATON_SIM_AD_OTHER;
	data += sizeof(flags);
	len -= sizeof(flags);
	if (len == sizeof(service) && !memcmp(data, service, sizeof(service)))
		return BATON_SIM_AD_SERVICE;
	if (len != sizeof(head) + BATON_ADVERT_LEN ||
	    memcmp(data, head, sizeof(head)) != 0)
		return BATON_SIM_AD_OTHER;
	memcpy(advert, data + sizeof(head), BATON_ADVERT_LEN);
	return BATON_SIM_AD_PRIVATE;
}
