/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into bluetoothd where ExchangeMTU is below 48: its BR/EDR listener
 * asks the kernel for that MTU too, is refused, and takes the adapter down.
 * The refusal is overlooked; LE does not use this option.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int (*next)(int, int, int, const void *, socklen_t);
	int err;

	*(void **)&next = dlsym(RTLD_NEXT, "setsockopt");
	err = next(fd, level, name, value, len);
	if (err && errno == EINVAL && level == SOL_L2CAP &&
	    name == L2CAP_OPTIONS)
		return 0;
	return err;
}
