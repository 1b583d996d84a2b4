/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "crypto/primitives.h"
#include "session/session.h"

/*
 * A watch and a phone in one program, on the code that a microcontroller runs
 * and with BearSSL below: the primitives against published answers, then the
 * two pair, reconnect and pass a message. Every step runs on a painted stack;
 * what it cost is printed, one `NAME BYTES` a line. Exit code 1 and the name
 * of the step if one went wrong.
 *
 * For qemu's user emulation: it has no operating system below it but two calls
 * of Linux, and no C library but mem*.
 */

#define STACK_LEN 16384
#define MEMORY_LEN 24576
#define PAINT 0xa5
#define WIPE_FRAMES 48 /* what wiping itself leaves at the deepest end */
#define WIPED_MIN 64
#define TURNS 10000
#define SYS_EXIT 1
#define SYS_WRITE 4
#define STDOUT 1

static const uint8_t message[200] = {'h', 'a', 'n', 'd', 'o', 'f', 'f'};

struct end {
	struct baton_session session;
	uint64_t memory[MEMORY_LEN / sizeof(uint64_t)];
	uint32_t code;
	bool compare, secured, paired, got_message, delivered;
};

static struct end ends[2]; /* by enum baton_role */
static uint64_t now_ms = 1000;
static uint64_t stack[STACK_LEN / sizeof(uint64_t)];

long trial_call(long number, long a, const void *b, size_t c);
void trial_on_stack(void (*step)(void), void *top);
void trial_start(void);

__asm__(".syntax unified\n"
	".thumb_func\n"
	"trial_call:\n"
	"	push {r4, r7}\n"
	"	mov r7, r0\n"
	"	mov r0, r1\n"
	"	mov r1, r2\n"
	"	mov r2, r3\n"
	"	svc 0\n"
	"	pop {r4, r7}\n"
	"	bx lr\n"
	".thumb_func\n"
	"trial_on_stack:\n"
	"	push {r4, lr}\n"
	"	mov r4, sp\n"
	"	mov sp, r1\n"
	"	blx r0\n"
	"	mov sp, r4\n"
	"	pop {r4, pc}\n");

static void print(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	(void)trial_call(SYS_WRITE, STDOUT, text, len);
}

static void print_figure(const char *name, size_t value)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;

	digits[at] = 0;
	digits[--at] = '\n';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	print(name);
	print(" ");
	print(digits + at);
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	print(what);
	print(": wrong\n");
	(void)trial_call(SYS_EXIT, 1, NULL, 0);
}

/* How many bytes of stack the step takes. */
static size_t depth(void (*step)(void))
{
	const uint8_t *bytes = (const uint8_t *)stack;
	size_t untouched = 0;

	memset(stack, PAINT, sizeof(stack));
	trial_on_stack(step, stack + sizeof(stack) / sizeof(stack[0]));
	while (untouched < sizeof(stack) && bytes[untouched] == PAINT)
		untouched++;
	check(untouched > 0, "depth of the stack");
	return sizeof(stack) - untouched;
}

/* The same of a primitive: nothing went deeper than it wiped afterwards. */
static size_t wiped_depth(void (*step)(void))
{
	static const uint8_t zero[WIPED_MIN];
	size_t taken = depth(step);
	const uint8_t *deepest = (const uint8_t *)stack + sizeof(stack) - taken;

	check(!memcmp(deepest + WIPE_FRAMES, zero, sizeof(zero)),
	      "wiping of the stack");
	return taken;
}

/* RFC 7748, 5.2: the first of the iterated multiplications. */
static void try_x25519(void)
{
	static const uint8_t nine[32] = {9};
	static const uint8_t want[32] = {
		0x42, 0x2c, 0x8e, 0x7a, 0x62, 0x27, 0xd7, 0xbc,
		0xa1, 0x35, 0x0b, 0x3e, 0x2b, 0xb7, 0x27, 0x9f,
		0x78, 0x97, 0xb8, 0x7b, 0xb6, 0x85, 0x4b, 0x78,
		0x3c, 0x60, 0xe8, 0x03, 0x11, 0xae, 0x30, 0x79};
	static uint8_t out[32];

	check(!baton_crypto_x25519(out, nine, nine) &&
		      !memcmp(out, want, sizeof(want)),
	      "X25519");
	baton_crypto_x25519_base(out, nine);
	check(!memcmp(out, want, sizeof(want)), "X25519 of the base");
}

/* RFC 8439, 2.8.2. */
static void try_aead(void)
{
	static const char plain[] =
		"Ladies and Gentlemen of the class of '99: If I could offer "
		"you only one tip for the future, sunscreen would be it.";
	static const uint8_t nonce[12] = {7,	0,    0,    0,	  0x40, 0x41,
					  0x42, 0x43, 0x44, 0x45, 0x46, 0x47};
	static const uint8_t ad[12] = {0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1,
				       0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
	static const uint8_t tag[16] = {0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09,
					0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb,
					0xd0, 0x60, 0x06, 0x91};
	static uint8_t key[32], out[sizeof(plain) - 1 + 16];
	const size_t len = sizeof(plain) - 1;
	uint8_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x80 + i);
	baton_crypto_seal(out, (const uint8_t *)plain, len, ad, sizeof(ad),
			  nonce, key);
	check(!memcmp(out + len, tag, sizeof(tag)), "seal");
	check(!baton_crypto_open(out, out, sizeof(out), ad, sizeof(ad), nonce,
				 key) &&
		      !memcmp(out, plain, len),
	      "open");
	check(baton_crypto_open(out, out, sizeof(out), ad, sizeof(ad), nonce,
				key) == BATON_ERR_PEER_AUTH,
	      "open of something else");
}

/* FIPS 180-4, "abc". */
static void try_sha256(void)
{
	static const uint8_t want[4] = {0xba, 0x78, 0x16, 0xbf};
	static struct baton_crypto_sha256 sha;
	static uint8_t out[32];

	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, (const uint8_t *)"abc", 3);
	baton_crypto_sha256_final(&sha, out);
	check(!memcmp(out, want, sizeof(want)), "SHA-256");
}

/* RFC 4231, test case 2. */
static void try_hmac(void)
{
	static const uint8_t want[4] = {0x5b, 0xdc, 0xc1, 0x46};
	static const char text[] = "what do ya want for nothing?";
	static struct baton_crypto_hmac hmac;
	static uint8_t out[32];

	baton_crypto_hmac_init(&hmac, (const uint8_t *)"Jefe", 4);
	baton_crypto_hmac_update(&hmac, (const uint8_t *)text,
				 sizeof(text) - 1);
	baton_crypto_hmac_final(&hmac, out);
	check(!memcmp(out, want, sizeof(want)), "HMAC");
}

static void take_event(struct end *end, const struct baton_event *event)
{
	if (event->type == BATON_EVENT_COMPARE) {
		end->code = event->u.compare.code;
		end->compare = true;
	} else if (event->type == BATON_EVENT_SECURED) {
		end->secured = true;
	} else if (event->type == BATON_EVENT_PAIRED) {
		end->paired = true;
	} else if (event->type == BATON_EVENT_DELIVERED) {
		end->delivered = true;
	} else if (event->type == BATON_EVENT_MESSAGE) {
		end->got_message = event->u.message.len == sizeof(message) &&
				   !memcmp(event->u.message.bytes, message,
					   sizeof(message));
	}
}

/* Everything that one end has to do now; true if that was something. */
static bool turn(struct end *end, struct end *other)
{
	static uint8_t pdu[BATON_PDU_MAX];
	static struct baton_event event;
	static struct baton_store_op op;
	size_t len = baton_session_tx(&end->session, pdu, sizeof(pdu), now_ms);
	bool busy = len > 0;

	if (len > 0)
		(void)baton_session_rx(&other->session, pdu, len, now_ms);
	while (baton_session_next_event(&end->session, &event, now_ms)) {
		take_event(end, &event);
		busy = true;
	}
	while (baton_session_next_store_op(&end->session, &op)) {
		baton_session_stored(&end->session, op.id, BATON_OK, now_ms);
		busy = true;
	}
	return busy;
}

static void run_until(bool (*done)(void), const char *what)
{
	uint64_t due, other;
	int turns, i;

	for (turns = 0; turns < TURNS && !done(); turns++) {
		if ((int)turn(&ends[0], &ends[1]) +
		    (int)turn(&ends[1], &ends[0]))
			continue;
		due = baton_session_deadline(&ends[0].session);
		other = baton_session_deadline(&ends[1].session);
		now_ms = due < other ? due : other;
		for (i = 0; i < 2; i++)
			baton_session_tick(&ends[i].session, now_ms);
	}
	check(done(), what);
}

static void link_up(void)
{
	static const struct baton_link_facts facts = {.mtu = 247};
	int i;

	for (i = 0; i < 2; i++)
		check(!baton_session_link_up(&ends[i].session, &facts, now_ms),
		      "link_up");
}

static bool both_compare(void)
{
	return ends[0].compare && ends[1].compare;
}

static bool both_paired(void)
{
	return ends[0].paired && ends[1].paired;
}

static bool both_secured(void)
{
	return ends[0].secured && ends[1].secured;
}

static bool message_delivered(void)
{
	return ends[0].got_message && ends[1].delivered;
}

static void try_pairing(void)
{
	int i;

	for (i = 0; i < 2; i++)
		check(!baton_session_pairing_open(&ends[i].session, now_ms),
		      "pairing_open");
	link_up();
	run_until(both_compare, "pairing");
	check(ends[0].code == ends[1].code, "codes");
	for (i = 0; i < 2; i++)
		check(!baton_session_confirm(&ends[i].session, true, now_ms),
		      "confirm");
	run_until(both_paired, "bonds");
	run_until(both_secured, "secured after pairing");
}

static void try_reconnecting(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		baton_session_link_down(&ends[i].session, now_ms);
		ends[i].secured = false;
	}
	link_up();
	run_until(both_secured, "reconnecting");
}

static void try_message(void)
{
	static const struct baton_stream_id stream = {
		.class_id = BATON_CLASS_MESSAGE};

	check(!baton_session_send(&ends[BATON_PHONE].session, stream, message,
				  sizeof(message), 0, now_ms),
	      "send");
	run_until(message_delivered, "message");
}

static void make_engines(const struct baton_link_config *link)
{
	struct baton_session_config config = {.message_max = 1 << 20,
					      .link = *link};
	uint8_t seed[32] = {0};
	int i;

	for (i = 0; i < 2; i++) {
		config.role = (enum baton_role)i;
		seed[0] = (uint8_t)(i + 1);
		check(!baton_session_init(&ends[i].session, &config,
					  ends[i].memory,
					  sizeof(ends[i].memory), seed),
		      "init");
	}
}

static size_t memory_len(const struct baton_link_config *link)
{
	const struct baton_session_config config = {.link = *link};

	return baton_session_memory_len(&config);
}

void trial_start(void)
{
	static const struct baton_link_config small = BATON_LINK_CONFIG_SMALL,
					      large = BATON_LINK_CONFIG_LARGE;

	print_figure("stack.x25519", wiped_depth(try_x25519));
	print_figure("stack.aead", wiped_depth(try_aead));
	print_figure("stack.sha256", wiped_depth(try_sha256));
	print_figure("stack.hmac", wiped_depth(try_hmac));
	make_engines(&small);
	print_figure("stack.pairing", depth(try_pairing));
	print_figure("stack.reconnecting", depth(try_reconnecting));
	print_figure("stack.message", depth(try_message));
	print_figure("memory.small", memory_len(&small));
	print_figure("memory.large", memory_len(&large));
	(void)trial_call(SYS_EXIT, 0, NULL, 0);
}
