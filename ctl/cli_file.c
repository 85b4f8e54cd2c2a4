/* SPDX-License-Identifier: ISC */
/*
 * Files that a command is given by name.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/str.h"
#include "ctl/cli.h"

static int
read_all(int fd, struct buf *text)
{
	char piece[65536];

	for (;;) {
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return 0;
		buf_add(text, piece, (size_t)got);
		if (buf_failed(text)) {
			errno = EFBIG;
			return -1;
		}
	}
}

enum cli_exit
cli_read_file(struct cli *cli, const char *path, size_t max, struct buf *text)
{
	bool standard = str_equal(path, "-");
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int result, error;

	buf_init(text, cli->arena, max);
	if (fd < 0)
		return cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	result = read_all(fd, text);
	error = errno;
	if (!standard)
		close(fd);
	if (result == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(error));
}
