/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_H
#define BATON_CRYPTO_H

#include "crypto/advert.h"
#include "crypto/cpace.h"
#include "crypto/drbg.h"
#include "crypto/hkdf.h"
#include "crypto/keys.h"
#include "crypto/noise.h"
#include "crypto/primitives.h"
#include "crypto/record.h"

#endif
