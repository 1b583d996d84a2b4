# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# What ./run needs before it can begin: packages, a program.

BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config python3
	libsodium-dev nettle-dev zlib1g-dev libsqlite3-dev libtss2-dev
	libtss2-tcti-device0 libglib2.0-dev libjson-glib-dev
	libqrencode-dev libbluetooth-dev libcmocka-dev libjansson-dev)
# The benchmark reads the size of the core on a Cortex-M4, with primitives whose
# source apt brings and dpkg-dev unpacks.
BENCH_PACKAGES=(gcc-arm-none-eabi binutils-arm-none-eabi
	libnewlib-arm-none-eabi apt dpkg-dev libzstd-dev liblz4-dev)
TEST_PACKAGES=(clang-14 libclang-rt-14-dev
	clang-format-14 binutils apt dpkg qemu-user
	gcc-i686-linux-gnu libc6-dev-i386-cross
	gcc-s390x-linux-gnu libc6-dev-s390x-cross
	golang-go golang-github-flynn-noise-dev
	golang-golang-x-crypto-dev python3-dissononce dbus-daemon
	valgrind spin zbar-tools patch swtpm tshark)
# BlueZ in a virtual machine, unless --quick leaves it out.
VM_PACKAGES=(qemu-system-x86 bluez bluez-test-tools busybox-static cpio kmod
	dbus procps)

# missing TEXT: say what is not there and give up.
missing() {
	echo "run: $*" >&2
	exit 69
}

# need PACKAGE...: install those that are not there yet.
need() {
	local package absent=() sudo=()

	command -v dpkg-query >/dev/null ||
		missing "this is not Debian; install what these packages hold" \
			"and use meson: $*"
	for package in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" \
			2>/dev/null) in
		installed*) ;;
		*) absent+=("$package") ;;
		esac
	done
	[ ${#absent[@]} -gt 0 ] || return 0

	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || missing \
			"not root and no sudo; install first: ${absent[*]}"
		sudo=(sudo)
	fi
	echo "run: installing ${absent[*]}" >&2
	"${sudo[@]}" apt-get -qq update >&2 ||
		echo "run: some package lists are out of date" >&2
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
		-o Dpkg::Use-Pty=0 --no-install-recommends \
		install "${absent[@]}" >/dev/null ||
		missing "apt-get could not install ${absent[*]}"
}

# build TARGET: in build/release, in silence unless it fails.
build() {
	local code=0

	[ -e "$root/build/release/$1" ] || echo "run: building $1" >&2
	python3 "$root/tests/ci/build.py" "$1" || code=$?
	[ $code -ne 66 ] || missing "there is no $1 in this version"
	[ $code -eq 0 ] || exit $code
}
