/* SPDX-License-Identifier: MIT */
#include "base/err.h"

const char *baton_err_text(enum baton_err err)
{
	switch (err) {
	case BATON_OK:
		return "no error";
	case BATON_ERR_ARG:
		return "an argument is out of range";
	case BATON_ERR_STATE:
		return "not allowed in the present state";
	case BATON_ERR_SPACE:
		return "the buffer is too small";
	case BATON_ERR_AGAIN:
		return "no room now, try again later";
	case BATON_ERR_TOO_LARGE:
		return "larger than the limit";
	case BATON_ERR_NOT_FOUND:
		return "not found";
	case BATON_ERR_RANDOM:
		return "no randomness was given";
	case BATON_ERR_PEER_LENGTH:
		return "the peer sent something of a wrong length";
	case BATON_ERR_PEER_FORMAT:
		return "the peer sent something malformed";
	case BATON_ERR_PEER_SEQ:
		return "the peer sent something outside the window";
	case BATON_ERR_PEER_STATE:
		return "the peer sent something out of turn";
	case BATON_ERR_PEER_AUTH:
		return "something did not authenticate";
	case BATON_ERR_PEER_UNKNOWN:
		return "the peer is not known here";
	case BATON_ERR_PEER_LIMIT:
		return "the peer went over a limit";
	case BATON_ERR_CLOSED:
		return "the link is closed";
	case BATON_ERR_VERSION:
		return "the peer speaks another version";
	case BATON_ERR_AUTH:
		return "the peer could not prove who it is";
	case BATON_ERR_PROTOCOL:
		return "the peer broke the protocol";
	case BATON_ERR_TIMEOUT:
		return "the peer did not answer in time";
	case BATON_ERR_EXHAUSTED:
		return "the number of tries is used up";
	case BATON_ERR_STORE:
		return "a write to storage failed";
	case BATON_ERR_REFUSED:
		return "refused";
	case BATON_ERR_NO_BOND:
		return "the peer does not know this device";
	}
	return "unknown error";
}
