/* SPDX-License-Identifier: MIT */
#ifndef BATON_BASE_H
#define BATON_BASE_H

/* What every layer shares: the error type and the byte helpers. */
#include "base/bytes.h"
#include "base/err.h"

#endif
