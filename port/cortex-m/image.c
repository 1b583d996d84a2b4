/* SPDX-License-Identifier: MIT */
#include "session/oob.h"
#include "session/session.h"
#include "session/typed.h"

/*
 * An image that uses the engine and nothing else, to see what of the core a
 * firmware pays for: what no call named here needs is left out by the linker.
 * Nothing of it ever runs, and the table itself is not counted: a firmware
 * has its calls in its own code.
 *
 * IMAGE_ALL names the calls that only some devices need as well: those of the
 * other ways to pair and of the machines above the engine.
 */
void *const baton_image[] = {
	(void *)baton_session_memory_len,
	(void *)baton_session_init,
	(void *)baton_session_wipe,
	(void *)baton_session_load,
	(void *)baton_session_bond_revoke,
	(void *)baton_session_bond_count,
	(void *)baton_session_bond_id,
	(void *)baton_session_bond_select,
	(void *)baton_session_pairing_open,
	(void *)baton_session_pairing_close,
	(void *)baton_session_confirm,
	(void *)baton_session_link_up,
	(void *)baton_session_link_mtu,
	(void *)baton_session_link_changed,
	(void *)baton_session_link_down,
	(void *)baton_session_rx,
	(void *)baton_session_tx,
	(void *)baton_session_deadline,
	(void *)baton_session_tick,
	(void *)baton_session_next_event,
	(void *)baton_session_next_store_op,
	(void *)baton_session_stored,
	(void *)baton_session_send,
	(void *)baton_session_begin,
	(void *)baton_session_write,
	(void *)baton_session_cancel,
	(void *)baton_session_refuse,
	(void *)baton_session_number,
	(void *)baton_session_stats,
#ifdef IMAGE_ALL
	(void *)&baton_out_of_band,
	(void *)&baton_typed,
	(void *)baton_session_secret_make,
	(void *)baton_session_secret_take,
	(void *)baton_session_code,
	(void *)baton_session_code_forgive,
	(void *)baton_session_next_control,
	(void *)baton_session_channel,
	(void *)baton_session_bond_export,
	(void *)baton_session_frame,
#endif
};
