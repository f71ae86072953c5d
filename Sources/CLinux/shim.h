// Fills the gaps of Swift's Glibc module. Calls that glibc declares only under _GNU_SOURCE, or has no wrapper
// for, are made by number: the module map of Glibc decides which macros its headers were read with.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
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
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <linux/fs.h>
#include <linux/inet_diag.h>
#include <linux/neighbour.h>
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

// res_nsearch(3), with a state of its own, which reads /etc/resolv.conf as it is now. Returns the length of the whole
// answer, or -1 and the reason as h_errno(3) has it. In libc itself since glibc 2.34.
static inline int clinux_search_name(const char *name, int type, unsigned char *answer, int size, int *reason) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) {
        *reason = NO_RECOVERY;
        return -1;
    }
    int length = res_nsearch(&state, name, C_IN, type, answer, size);
    *reason = state.res_h_errno;
    res_nclose(&state);
    return length > size ? size : length;
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

// The link-layer address of a neighbour on an interface, as the kernel knows it (RTM_GETNEIGH of rtnetlink(7)): its
// length, at most 32, or 0 where it does not know one. The RTA_ macros have no Swift spelling. The kernel answers
// before sendto(2) returns.
static inline int clinux_neighbour(const struct in6_addr *address, int interface, unsigned char *link) {
    struct {
        struct nlmsghdr head;
        struct ndmsg neighbour;
        struct rtattr attribute;
        struct in6_addr address;
    } request;
    union {
        struct nlmsghdr head;
        char bytes[1024];
    } answer;
    memset(&request, 0, sizeof request);
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = RTM_GETNEIGH;
    request.head.nlmsg_flags = NLM_F_REQUEST;
    request.neighbour.ndm_family = AF_INET6;
    request.neighbour.ndm_ifindex = interface;
    request.attribute.rta_type = NDA_DST;
    request.attribute.rta_len = RTA_LENGTH(sizeof request.address);
    request.address = *address;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) return 0;
    ssize_t count = -1;
    if (send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request) count = recv(fd, &answer, sizeof answer, 0);
    close(fd);
    if (count < (ssize_t)NLMSG_LENGTH(sizeof(struct ndmsg)) || (size_t)count < answer.head.nlmsg_len ||
        answer.head.nlmsg_type != RTM_NEWNEIGH)
        return 0;
    int left = (int)(answer.head.nlmsg_len - NLMSG_LENGTH(sizeof(struct ndmsg)));
    struct rtattr *attribute = (struct rtattr *)((char *)NLMSG_DATA(&answer.head) + NLMSG_ALIGN(sizeof(struct ndmsg)));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        int length = (int)RTA_PAYLOAD(attribute);
        if (attribute->rta_type != NDA_LLADDR || length < 1 || length > 32) continue;
        memcpy(link, RTA_DATA(attribute), (size_t)length);
        return length;
    }
    return 0;
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

// The same from an offset: only what is in the page cache.
static inline ssize_t clinux_pread_now(int fd, void *buffer, size_t capacity, off_t offset) {
    struct iovec part = {buffer, capacity};
    // The offset is split for 32-bit machines; here all of it is in the first half.
    return (ssize_t)syscall(SYS_preadv2, fd, &part, 1UL, (long)offset, 0L, RWF_NOWAIT);
}

// The kind of file system (f_type of fstatfs(2), statfs(2) lists some); the kernel's type has another size on
// other machines.
static inline int clinux_file_system_type(int fd, uint64_t *type) {
    struct statfs status;
    if (fstatfs(fd, &status) != 0) return -1;
    *type = (uint64_t)status.f_type;
    return 0;
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

// statx(2) again: the mount that an open file was reached by, as mountinfo numbers it, or (unique, Linux 6.8) by a
// number that no later mount gets. 1 where that is told, 0 where not. The constants are newer than many headers.
static inline int clinux_mount_id(int fd, int unique, uint64_t *id) {
    enum { mount_id = 0x1000, unique_mount_id = 0x4000 };
    unsigned wanted = unique ? unique_mount_id : mount_id;
    struct statx status;
    memset(&status, 0, sizeof status);
    if (syscall(SYS_statx, fd, "", 0x1000, wanted, &status) != 0) return -1;
    // stx_mnt_id: 8 bytes at offset 0x90 (statx(2)); headers before Linux 5.8 lack the name.
    memcpy(id, (const char *)&status + 0x90, sizeof *id);
    return (status.stx_mask & wanted) != 0;
}

// statfs is a function and a structure. The type of a file system, and f_fsid as one number.
static inline int clinux_file_system(int fd, uint64_t *type, uint64_t *id) {
    struct statfs status;
    if (fstatfs(fd, &status) != 0) return -1;
    *type = (uint32_t)status.f_type;
    uint32_t halves[2];
    memcpy(halves, &status.f_fsid, sizeof halves);
    *id = (uint64_t)halves[1] << 32 | halves[0];
    return 0;
}

// ioctl(2) is variadic; FS_IOC_GETFSUUID came with Linux 6.9. How many bytes of the 16 count.
static inline int clinux_file_system_uuid(int fd, uint8_t uuid[16]) {
    struct {
        uint8_t length;
        uint8_t bytes[16];
    } answer;
    memset(&answer, 0, sizeof answer);
    // _IOR(0x15, 0, struct fsuuid2)
    if (ioctl(fd, 0x80111500UL, &answer) != 0) return -1;
    memcpy(uuid, answer.bytes, 16);
    return answer.length <= 16 ? answer.length : 16;
}

// syncfs(2) is declared only under _GNU_SOURCE.
static inline int clinux_syncfs(int fd) { return (int)syscall(SYS_syncfs, fd); }

// pthread_setname_np(3) is declared only under _GNU_SOURCE; PR_SET_NAME names the calling thread.
static inline int clinux_name_this_thread(const char *name) {
    return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}

// pthread_clockjoin_np(3) is declared only under _GNU_SOURCE. By CLOCK_MONOTONIC.
extern int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock, const struct timespec *time);
static inline int clinux_join_until(pthread_t thread, int64_t seconds, int64_t nanoseconds) {
    struct timespec time;
    time.tv_sec = seconds;
    time.tv_nsec = nanoseconds;
    return pthread_clockjoin_np(thread, 0, CLOCK_MONOTONIC, &time);
}

// ThreadSanitizer does not see that one, and takes the thread for one that lives for ever. It sees
// pthread_timedjoin_np(3), which goes by CLOCK_REALTIME.
extern int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *time);
static inline int clinux_join_within(pthread_t thread, int64_t nanoseconds) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    nanoseconds += time.tv_nsec;
    time.tv_sec += nanoseconds / 1000000000;
    time.tv_nsec = nanoseconds % 1000000000;
    return pthread_timedjoin_np(thread, 0, &time);
}

// SEEK_DATA and SEEK_HOLE of lseek(2) are declared only under _GNU_SOURCE.
enum { CLINUX_SEEK_DATA = 3, CLINUX_SEEK_HOLE = 4 };

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
    // Without O_DIRECTORY, which is part of it and differs between architectures.
    CLINUX_O_TMPFILE = 020000000 | O_DIRECTORY,
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

// The identity by which this thread alone opens files: setfsuid(2), with its groups. glibc's setgroups(3) would change all
// threads. Neither call says whether it has worked: asked for what cannot be, they tell what is. Returns 0, or -1 and errno.
static inline int clinux_act_as(uid_t user, gid_t group, const gid_t *groups, size_t count) {
    if (syscall(SYS_setgroups, count, groups) != 0) return -1;
    syscall(SYS_setfsgid, group);
    syscall(SYS_setfsuid, user);
    if ((gid_t)syscall(SYS_setfsgid, (gid_t)-1) == group && (uid_t)syscall(SYS_setfsuid, (uid_t)-1) == user) return 0;
    errno = EPERM;
    return -1;
}
