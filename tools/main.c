/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/air.h"
#include "tools/bonds_command.h"
#include "tools/demo.h"
#include "tools/device.h"
#include "tools/dissect.h"
#include "tools/doctor.h"
#include "tools/fail.h"
#include "tools/sim_command.h"

static const char help_text[] =
	"Baton hands a live session from a watch to a phone over Bluetooth "
	"LE.\n"
	"\n"
	"Usage: baton COMMAND [OPTION...] [ARGUMENT...]\n"
	"\n"
	"  demo [FILE]            a whole hand-over in one process\n"
	"  air PATH               the simulated radio on a UNIX socket\n"
	"  watch --bearer B ...   one device: pair, send FILE..., or take files\n"
	"  phone --bearer B ...   the other one\n"
	"  pair watch|phone ...   pair that device, as watch ... pair does\n"
	"  status watch|phone     how it stands with the other device\n"
	"  queue watch|phone      what waits for it: items, files\n"
	"  bonds --role R ...     list, rename and revoke bonds\n"
	"  sim FILE | --random    scenarios in the simulator, by seed\n"
	"  dissect TRACE          what a trace of PDUs holds\n"
	"  doctor                 what this machine brings for Bluetooth\n"
	"  help, version\n"
	"\n"
	"baton COMMAND --help says more about one.\n"
	"\n"
	"Exit codes:\n"
	"    0  done\n"
	"    1  a scenario failed\n"
	"   64  wrong usage\n"
	"   65  the peer broke the protocol, or gave up\n"
	"   66  a file to send is missing or unreadable\n"
	"   69  no Bluetooth, or no simulated radio\n"
	"   70  a bug\n"
	"   73  cannot write: no space or no right, here or at the receiver;\n"
	"       a store cannot be used\n"
	"   75  not done in time\n"
	"   76  the peer speaks another version\n"
	"   77  not paired, or a person said no\n"
	"  130  interrupted before it was done\n";

static int help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs(help_text, stdout);
	return BATON_EXIT_OK;
}

static int version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("baton " BATON_TOOLS_VERSION);
	return BATON_EXIT_OK;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"demo", baton_demo_main},
	{"air", baton_air_main},
	{"pair", baton_pair_main},
	{"bonds", baton_bonds_main},
	{"watch", baton_watch_main},
	{"phone", baton_phone_main},
	{"status", baton_report_main},
	{"queue", baton_report_main},
	{"sim", baton_sim_main},
	{"dissect", baton_dissect_main},
	{"doctor", baton_doctor_main},
	{"help", help},
	{"--help", help},
	{"-h", help},
	{"version", version},
	{"--version", version},
};

/* What was said has to arrive; a reader who has left has read enough. */
static int flush(int code)
{
	if (!fflush(stdout) || errno == EPIPE || code != BATON_EXIT_OK)
		return code;
	fprintf(stderr, "baton: cannot write the output: %s\n",
		g_strerror(errno));
	return BATON_EXIT_OUTPUT;
}

/* The number of one that is closed would be that of a store, or of a file. */
static void open_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDONLY);
}

int main(int argc, char **argv)
{
	size_t i;

	open_streams();
	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		fputs("baton: no command; see baton help\n", stderr);
		return BATON_EXIT_USAGE;
	}
	for (i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return flush(commands[i].run(argc - 1, argv + 1));
	fprintf(stderr, "baton: no such command: %s; see baton help\n",
		argv[1]);
	return BATON_EXIT_USAGE;
}
