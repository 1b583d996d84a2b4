/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_H
#define BATON_SESSION_H

/* The engine: what an application or a port includes. See session/SPEC.md. */

#include "session/beacon.h"
#include "session/delivery.h"
#include "session/lookout.h"
#include "session/oob.h"
#include "session/session.h"
#include "session/store_op.h"
#include "session/typed.h"

#endif
