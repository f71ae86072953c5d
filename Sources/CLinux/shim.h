// What Swift's Glibc module lacks. Calls that glibc declares only under _GNU_SOURCE, or has no wrapper
// for, are made by number: the module map of Glibc decides which macros its headers were read with.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <linux/fs.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/stat.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <unistd.h>

// openat2(2) has no glibc wrapper.
static inline int clinux_openat2(int dirfd, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = flags;
    how.resolve = resolve;
    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}

// accept4(2) is declared only under _GNU_SOURCE.
static inline int clinux_accept4(int fd, struct sockaddr_storage *address, socklen_t *length) {
    return (int)syscall(SYS_accept4, fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// sock_diag(7): the user of the TCP socket of this network namespace that has these addresses, in the order of the
// network, if it is established and a process has it open: of one that is closed the kernel says 0. Returns 0, or -1
// and errno (ENOENT too for any other socket).
static inline int clinux_socket_owner(int family, const void *local, uint16_t local_port, const void *remote,
                                      uint16_t remote_port, uint32_t *user) {
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 query;
    } question;
    union {
        struct nlmsghdr head;
        char bytes[1024];
    } answer;
    size_t length = family == AF_INET ? 4 : 16;
    memset(&question, 0, sizeof question);
    question.head.nlmsg_len = sizeof question;
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST;
    question.query.sdiag_family = (unsigned char)family;
    question.query.sdiag_protocol = IPPROTO_TCP;
    question.query.idiag_states = ~0u;
    question.query.id.idiag_sport = local_port;
    question.query.id.idiag_dport = remote_port;
    memcpy(question.query.id.idiag_src, local, length);
    memcpy(question.query.id.idiag_dst, remote, length);
    question.query.id.idiag_cookie[0] = question.query.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    int number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (number < 0) return -1;
    // The kernel answers before send(2) returns.
    ssize_t count = send(number, &question, sizeof question, 0);
    if (count >= 0) count = recv(number, &answer, sizeof answer, MSG_DONTWAIT);
    int error = errno;
    close(number);
    if (count < 0) {
        errno = error;
        return -1;
    }
    struct inet_diag_msg *found = (struct inet_diag_msg *)NLMSG_DATA(&answer.head);
    if ((size_t)count < NLMSG_LENGTH(sizeof *found) || answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY
        || found->idiag_state != TCP_ESTABLISHED || found->idiag_inode == 0
        || found->id.idiag_sport != local_port || found->id.idiag_dport != remote_port) {
        errno = ENOENT;
        return -1;
    }
    *user = found->idiag_uid;
    return 0;
}

// recvmsg(2) of a datagram: its sender and its TTL or hop limit (ip(7), ipv6(7)), -1 where the socket does not
// tell. CMSG_FIRSTHDR and its like are macros. What is longer than the buffer is told as longer: -2.
static inline ssize_t clinux_receive_datagram(int fd, void *buffer, size_t capacity,
                                              struct sockaddr_storage *sender, int *hops) {
    union {
        struct cmsghdr head;
        char bytes[256];
    } control;
    struct iovec part = {buffer, capacity};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_name = sender;
    message.msg_namelen = sizeof *sender;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    memset(sender, 0, sizeof *sender);
    *hops = -1;
    ssize_t count = recvmsg(fd, &message, 0);
    if (count < 0) return -1;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        int isTTL = head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_TTL;
        int isHopLimit = head->cmsg_level == IPPROTO_IPV6 && head->cmsg_type == IPV6_HOPLIMIT;
        if ((isTTL || isHopLimit) && head->cmsg_len >= CMSG_LEN(sizeof(int)))
            memcpy(hops, CMSG_DATA(head), sizeof(int));
    }
    return message.msg_flags & MSG_TRUNC ? -2 : count;
}

// getdents64(2) is declared only under _GNU_SOURCE.
static inline ssize_t clinux_getdents64(int fd, void *buffer, size_t capacity) {
    return (ssize_t)syscall(SYS_getdents64, fd, buffer, capacity);
}

// renameat2(2) is declared only under _GNU_SOURCE.
static inline int clinux_renameat2(int oldfd, const char *old, int newfd, const char *new_, unsigned flags) {
    return (int)syscall(SYS_renameat2, oldfd, old, newfd, new_, flags);
}

// preadv2(2) is declared only under _GNU_SOURCE. From the current offset, and never waiting.
static inline ssize_t clinux_read_now(int fd, void *buffer, size_t capacity) {
    struct iovec part = {buffer, capacity};
    return (ssize_t)syscall(SYS_preadv2, fd, &part, 1UL, -1L, -1L, RWF_NOWAIT);
}

// statx(2) is declared only under _GNU_SOURCE. When the open file was made; 1 where that is told, 0 where not.
static inline int clinux_birth_time(int fd, int64_t *seconds, uint32_t *nanoseconds) {
    struct statx status;
    memset(&status, 0, sizeof status);
    // 0x1000 is AT_EMPTY_PATH.
    if (syscall(SYS_statx, fd, "", 0x1000, STATX_BTIME, &status) != 0) return -1;
    *seconds = status.stx_btime.tv_sec;
    *nanoseconds = status.stx_btime.tv_nsec;
    return (status.stx_mask & STATX_BTIME) != 0;
}

// pthread_setname_np(3) is declared only under _GNU_SOURCE; PR_SET_NAME names the calling thread.
static inline int clinux_name_this_thread(const char *name) {
    return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}

// sched_getaffinity(2) is declared only under _GNU_SOURCE. The kernel tells how many bytes it filled.
// Room for 8192 processors, the most that a kernel is built for. -1 where it does not tell.
static inline int clinux_allowed_processors(void) {
    unsigned long mask[8192 / (8 * sizeof(unsigned long))];
    long filled = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    if (filled < 0) return -1;
    int count = 0;
    for (unsigned long i = 0; i < (unsigned long)filled / sizeof mask[0]; i++)
        count += __builtin_popcountl(mask[i]);
    return count;
}

// O_PATH, O_TMPFILE and O_NOATIME are declared only under _GNU_SOURCE.
enum {
    CLINUX_O_PATH = 010000000,
    CLINUX_O_NOATIME = 01000000,
};

// ioctl(2) is variadic. 0 where it is no terminal, or has no size.
static inline int clinux_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// epoll_event is packed on x86-64 and its union has no portable Swift spelling.
static inline int clinux_epoll_ctl(int epfd, int op, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(epfd, op, fd, &event);
}
static inline uint64_t clinux_epoll_token(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t clinux_epoll_events(const struct epoll_event *event) { return event->events; }

// errno is a macro.
static inline int clinux_errno(void) { return errno; }
static inline void clinux_set_errno(int code) { errno = code; }
