/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_H
#define BATON_TRANSPORT_H

/* The transport layer: see transport/SPEC.md. */

#include "transport/link.h"
#include "transport/outgoing.h"
#include "transport/incoming.h"

#endif
