/* SPDX-License-Identifier: MIT */
/*
 * What the bare references share: the end of the program when a call fails, and a message
 * of one byte that may carry a descriptor.
 */
#ifndef BPFTOKEN_BENCH_BARE_H
#define BPFTOKEN_BENCH_BARE_H

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FAILED(call) ((call) < 0 ? (perror(#call), exit(125), 0) : 0)

static void send_fd(int sock, int fd)
{
	char byte = 1;
	struct iovec iov = { &byte, 1 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	FAILED(sendmsg(sock, &msg, MSG_NOSIGNAL));
}

/* The descriptor, or -1 for none or the end. */
static int recv_fd(int sock)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	int fd = -1;

	FAILED(poll(&pfd, 1, 5000));
	FAILED(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
	if (msg.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(int));
	return fd;
}

#endif
